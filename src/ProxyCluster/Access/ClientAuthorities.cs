using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Access;

/// <summary>
/// The authorities of clients' certificates, as their file says: one that is taken out counts no more, nor does what was found by it.
/// A file that cannot be read, or holds none, changes nothing: it may be half written, and to end a login there are rules.
/// </summary>
internal sealed partial class ClientAuthorities : ICertificateValidationCache
{
    // What is behind a link, as a mounted secret is, shows a change by nothing but what it says.
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly string _file;
    private readonly IOptionsMonitorCache<CertificateAuthenticationOptions> _made;
    private readonly IOptions<CertificateValidationCacheOptions> _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    // Guards the two below.
    private readonly Lock _lock = new();
    private string _read;
    private long _readAt;
    private volatile CertificateValidationCache _found;

    public ClientAuthorities(
        IOptions<AccessOptions> access,
        IOptionsMonitorCache<CertificateAuthenticationOptions> made,
        IOptions<CertificateValidationCacheOptions> options,
        TimeProvider clock,
        ILogger<ClientAuthorities> logger)
    {
        (_file, _made, _options, _clock, _logger) = (access.Value.ClientCaFile, made, options, clock, logger);
        (_found, _readAt) = (new(options), clock.GetTimestamp());
        Current = Parse(_read = File.ReadAllText(_file));
    }

    /// <summary>Those that count.</summary>
    public X509Certificate2Collection Current { get; private set; }

    /// <summary>
    /// Reads the file again where it is time, before a request's certificate is proven. What is found of it goes to where it counts now: when
    /// the file changes meanwhile, it may have been found by those before.
    /// </summary>
    public void Look(HttpContext request)
    {
        Look();
        request.Features.Set(_found);
    }

    /// <inheritdoc/>
    public AuthenticateResult? Get(HttpContext context, X509Certificate2 certificate) => Of(context).Get(context, certificate);

    /// <inheritdoc/>
    public void Put(HttpContext context, X509Certificate2 certificate, AuthenticateResult result) => Of(context).Put(context, certificate, result);

    /// <summary>The certificates of a PEM file's text.</summary>
    /// <exception cref="CryptographicException">It holds something else.</exception>
    public static X509Certificate2Collection Parse(string pem)
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPem(pem);
        return authorities;
    }

    private static CertificateValidationCache Of(HttpContext request) => request.Features.GetRequiredFeature<CertificateValidationCache>();

    private void Look()
    {
        lock (_lock)
        {
            if (_clock.GetElapsedTime(_readAt) < ReadAgainAfter)
                return;
            _readAt = _clock.GetTimestamp();
            try
            {
                if (File.ReadAllText(_file) is var read && read == _read)
                    return;
                _read = read;
                Current = Parse(read) is { Count: > 0 } some ? some : throw new CryptographicException("it holds no certificate");
                _made.TryRemove(CertificateLogins.Scheme);
                _found = new(_options); // last: who has it is proven by the others
                Log.Changed(_logger, _file, Current.Count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                Log.Unusable(_logger, _file, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The authorities of clients' certificates in {File} were changed: {Count} count")]
        public static partial void Changed(ILogger logger, string file, int count);

        [LoggerMessage(LogLevel.Warning, "The authorities of clients' certificates in {File} cannot be read as they are now, those before stay in force: {Reason}")]
        public static partial void Unusable(ILogger logger, string file, string reason);
    }
}
