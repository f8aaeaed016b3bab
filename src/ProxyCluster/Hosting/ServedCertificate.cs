using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Configuration;

namespace ProxyCluster.Hosting;

/// <summary>
/// The certificate of <c>Kestrel:Certificates:Default</c>, as its files say: whoever renews it replaces them, and handshakes from then on show
/// the new one. Connections that are open stay. Files that do not go together, as between the writing of one and of the other, change nothing.
/// <para>
/// Road not taken: the server's own reloading. It ends the listener, and all of its connections.
/// </para>
/// </summary>
internal sealed partial class ServedCertificate
{
    // What is behind a link, as a mounted secret is, shows a change by nothing but what it says.
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly string? _path;
    private readonly string? _keyPath;
    private readonly string? _password;
    private readonly string? _first;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private (byte[] Certificate, byte[] Key) _read = ([], []);
    private SslStreamCertificateContext? _shown;
    private long _readAt;

    public ServedCertificate(Settings settings, TimeProvider clock, ILogger<ServedCertificate> logger)
    {
        (_clock, _logger) = (clock, logger);
        (_path, _keyPath, _password) = (Value("Path"), Value("KeyPath"), Value("Password"));
        if (_path is not null)
            ReadAgain_NeedsLock();
        _first = _shown?.TargetCertificate.Thumbprint;

        string? Value(string name) => settings.FindOrNull($"{ServerCertificates.Default}:{name}")?.Value;
    }

    /// <summary>Sets up what all addresses for clients have in common over https.</summary>
    public static void Use(HttpsConnectionAdapterOptions https, IServiceProvider services)
    {
        if (services.GetRequiredService<IOptions<AccessOptions>>().Value.ClientCaFile.Length > 0)
            CertificateLogins.Ask(https);
        var served = services.GetRequiredService<ServedCertificate>();
        https.OnAuthenticate = (_, handshake) => served.Show(handshake);
    }

    private void Show(SslServerAuthenticationOptions handshake)
    {
        // An address with a certificate of its own keeps it.
        if (_first is null || (handshake.ServerCertificateContext?.TargetCertificate ?? handshake.ServerCertificate as X509Certificate2)?.Thumbprint != _first)
            return;
        lock (_lock)
        {
            if (_clock.GetElapsedTime(_readAt) >= ReadAgainAfter)
                ReadAgain_NeedsLock();
            handshake.ServerCertificateContext = _shown;
        }
    }

    private void ReadAgain_NeedsLock()
    {
        _readAt = _clock.GetTimestamp();
        try
        {
            var read = (Certificate: File.ReadAllBytes(_path!), Key: _keyPath is null ? [] : File.ReadAllBytes(_keyPath));
            if (read.Certificate.AsSpan().SequenceEqual(_read.Certificate) && read.Key.AsSpan().SequenceEqual(_read.Key))
                return;
            var isFirst = _shown is null;
            _read = read;
            _shown = Load(read.Certificate, read.Key);
            if (!isFirst)
                Log.Renewed(_logger, _path!, _shown.TargetCertificate.NotAfter);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Log.Unusable(_logger, _path!, e.Message);
        }
    }

    private SslStreamCertificateContext Load(byte[] certificate, byte[] key)
    {
        X509Certificate2Collection all = [];
        if (_keyPath is null)
        {
            all = X509CertificateLoader.LoadPkcs12Collection(certificate, _password);
            return SslStreamCertificateContext.Create(all.First(static one => one.HasPrivateKey), all, offline: true);
        }

        var (pem, keyPem) = (System.Text.Encoding.UTF8.GetString(certificate), System.Text.Encoding.UTF8.GetString(key));
        all.ImportFromPem(pem);
        var own = _password is null ? X509Certificate2.CreateFromPem(pem, keyPem) : X509Certificate2.CreateFromEncryptedPem(pem, keyPem, _password);
        return SslStreamCertificateContext.Create(own, all, offline: true);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The certificate in {File} was replaced; the new one is good until {Until}")]
        public static partial void Renewed(ILogger logger, string file, DateTime until);

        [LoggerMessage(LogLevel.Warning, "The certificate in {File} cannot be used as it is now, the one before stays in use: {Reason}")]
        public static partial void Unusable(ILogger logger, string file, string reason);
    }
}
