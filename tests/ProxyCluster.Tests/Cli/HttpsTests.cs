using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.Cli;

public sealed class HttpsTests : IDisposable
{
    private const string Path = "Kestrel:Certificates:Default:Path";
    private const string KeyPath = "Kestrel:Certificates:Default:KeyPath";
    private const string Password = "Kestrel:Certificates:Default:Password";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxycluster-https-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public HttpsTests()
    {
        var request = new CertificateRequest("CN=127.0.0.1", _key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        _certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        File.WriteAllText(InDirectory("cert.pem"), _certificate.ExportCertificatePem());
        File.WriteAllText(InDirectory("key.pem"), _key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(InDirectory("locked.pem"), _key.ExportEncryptedPkcs8PrivateKeyPem("hush", new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        File.WriteAllBytes(InDirectory("cert.pfx"), _certificate.Export(X509ContentType.Pkcs12, "hush"));
        File.WriteAllText(InDirectory("nonsense.pem"), "nonsense");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(InDirectory("other.pem"), other.ExportPkcs8PrivateKeyPem());
    }

    public static TheoryData<string, string?, string?> Usable => new()
    {
        { "cert.pem", "key.pem", null },
        { "cert.pem", "locked.pem", "hush" },
        { "cert.pfx", null, "hush" },
    };

    public static TheoryData<string, string?, string?, string> Unusable => new()
    {
        { "gone.pem", "key.pem", null, """Path = "DIR/gone.pem" (this process) does not exist""" },
        { "cert.pem", "gone.pem", null, """KeyPath = "DIR/gone.pem" (this process) does not exist""" },
        { "nonsense.pem", "key.pem", null, """Path = "DIR/nonsense.pem" (this process) cannot be used together with DIR/key.pem: they are not a PEM certificate and its key""" },
        { "cert.pem", "other.pem", null, """Path = "DIR/cert.pem" (this process) cannot be used together with DIR/other.pem: they are not a PEM certificate and its key""" },
        { "cert.pem", "locked.pem", "wrong", """Path = "DIR/cert.pem" (this process) cannot be used together with DIR/locked.pem: they are not a PEM certificate and its key, or the password is wrong""" },
        { "cert.pem", null, null, """Path = "DIR/cert.pem" (this process) cannot be used: it is not a PFX file with this password; the key of a PEM file goes under KeyPath""" },
        { "cert.pfx", null, "wrong", """Path = "DIR/cert.pfx" (this process) cannot be used: it is not a PFX file with this password; the key of a PEM file goes under KeyPath""" },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Usable))]
    public async Task Serve_CertificateFromSettings_AnswersOverTlsAndHttp2(string path, string? key, string? password)
    {
        await using var app = ProxyHost.Build(Input(path, key, password));
        await app.StartAsync(Cancellation);
        var url = Assert.Single(app.Urls);
        Assert.StartsWith("https://127.0.0.1:", url, StringComparison.Ordinal);
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => _certificate.Equals(shown),
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, url + "/healthz") { Version = new(2, 0) };
        using var response = await client.SendAsync(request, Cancellation);
        Assert.Equal("ok\n", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(new(2, 0), response.Version);
        await app.StopAsync(Cancellation);
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Build_CertificateThatCannotBeUsed_IsRefusedByKeyAndFile(string path, string? key, string? password, string expected) => Assert.Equal(
        ["Kestrel:Certificates:Default:" + expected.Replace("DIR", _directory.FullName, StringComparison.Ordinal)],
        Assert.Throws<SettingsException>(() => ProxyHost.Build(Input(path, key, password))).Mistakes);

    [Fact]
    public async Task Serve_HttpsWithoutACertificate_SaysInOneLineWhatToSet()
    {
        await using var process = ServeProcess.Start("--urls", "https://127.0.0.1:0");
        Assert.NotEqual(0, await process.ExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(
            "proxycluster: Serve:Urls = \"https://127.0.0.1:0\" (flag --urls) needs a certificate: set Kestrel:Certificates:Default:Path "
            + "to a PEM or PFX file, and Kestrel:Certificates:Default:KeyPath to the key of a PEM file",
            (await process.ErrorAsync()).Trim());
    }

    private string InDirectory(string name) => System.IO.Path.Combine(_directory.FullName, name);

    private SettingsInput Input(string path, string? key, string? password)
    {
        var settings = new List<(string, string)>
        {
            ("Serve:Urls", "https://127.0.0.1:0"), ("Storage:Data", InDirectory("data")), (Path, InDirectory(path)),
        };
        if (key is not null)
            settings.Add((KeyPath, InDirectory(key)));
        if (password is not null)
            settings.Add((Password, password));
        return SettingsInput.Of([.. settings]);
    }
}
