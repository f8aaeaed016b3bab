using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>Client certificates, and a server's own that is renewed. The <c>go</c> command shows none, so a client of our own does.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly string Path = ClosedSilo.Private.Stem + ".mod";

    private readonly ScratchDirectory _scratch = new();
    private readonly TestCertificates _certificates = new();
    private readonly TestCertificates _others = new();
    private readonly ManualTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificates.Dispose();
        _others.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Certificate_OfTheAuthority_IsALogin()
    {
        await using var silo = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, Path, _certificates.Issue(subject: "CN=carol,OU=payments")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, Path, _certificates.Issue(subject: "CN=carol,OU=go,OU=payments,O=farm")));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(silo, Path, _certificates.Issue(subject: "CN=payments,OU=other")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, Path, null));
    }

    [Fact]
    public async Task Certificate_ThatProvesNothing_IsRefusedWhateverIsAskedFor()
    {
        await using var silo = await StartAsync();
        var open = ClosedSilo.Open.Stem + ".mod";
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, open, null));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, open, _certificates.Issue(subject: "CN=carol,OU=payments")));
        foreach (var wrong in ((string, string)[])
        [
            _others.Issue(subject: "CN=carol,OU=payments"),
            _certificates.Issue(subject: "CN=carol,OU=payments", expired: true),
            _certificates.Issue(subject: "CN=carol,OU=payments", forClients: false),
            _certificates.Issue(subject: "OU=payments"),
        ])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, open, wrong));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, Path, wrong, ClosedSilo.Alice));
        }
    }

    [Fact]
    public async Task Certificate_BesideAToken_IsNotTheOneThatCounts()
    {
        await using var silo = await StartAsync();
        var carol = _certificates.Issue(subject: "CN=carol,OU=payments");
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(silo, Path, carol, ClosedSilo.Bob));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, Path, carol, ClosedSilo.Wrong));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, Path, _certificates.Issue(subject: "CN=dave"), ClosedSilo.Alice));
    }

    [Fact]
    public async Task Authorities_Replaced_AreTheOnesThatCount()
    {
        await using var silo = await StartAsync();
        var (old, other) = (_certificates.Issue(subject: "CN=carol,OU=payments"), _others.Issue(subject: "CN=carol,OU=payments"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, Path, old));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, Path, other));

        // Half written: those before stay.
        File.WriteAllText(_scratch["ca.pem"], File.ReadAllText(_others.CaFile)[..200]);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, Path, old));
        Assert.Contains(silo.Log.Lines, static line => line.Contains("those before stay in force", StringComparison.Ordinal));

        File.Copy(_others.CaFile, _scratch["ca.pem"], overwrite: true);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, Path, other));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(silo, Path, old));
    }

    [Fact]
    public async Task ServersCertificate_Replaced_IsShownToNewConnections()
    {
        await using var silo = await StartAsync();
        var first = await ShownAsync(silo);
        var (cert, key) = _certificates.Issue();

        // The first of the two files: they do not go together, so nothing changes.
        File.Copy(cert, _scratch["cert.pem"], overwrite: true);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(first, await ShownAsync(silo));
        Assert.Contains(silo.Log.Lines, static line => line.Contains("cannot be used as it is now", StringComparison.Ordinal));

        File.Copy(key, _scratch["key.pem"], overwrite: true);
        Assert.Equal(first, await ShownAsync(silo));
        _clock.Advance(TimeSpan.FromSeconds(1));
        using var renewed = X509CertificateLoader.LoadCertificateFromFile(cert);
        Assert.Equal(renewed.Thumbprint, await ShownAsync(silo));
        Assert.NotEqual(first, renewed.Thumbprint);
    }

    private async Task<TestSilo> StartAsync()
    {
        var (cert, key) = _certificates.Issue();
        File.Copy(cert, _scratch["cert.pem"], overwrite: true);
        File.Copy(key, _scratch["key.pem"], overwrite: true);
        File.Copy(_certificates.CaFile, _scratch["ca.pem"]);
        var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(_clock),
            ClosedSilo.Settings(
                _scratch,
                ("Serve:Urls", "https://127.0.0.1:0"),
                ("Cluster:Engine", "local"),
                ("Kestrel:Certificates:Default:Path", _scratch["cert.pem"]),
                ("Kestrel:Certificates:Default:KeyPath", _scratch["key.pem"]),
                ("Access:ClientCaFile", _scratch["ca.pem"])));
        ClosedSilo.Fill(silo);
        return silo;
    }

    private async Task<HttpStatusCode> AskAsync(TestSilo silo, string path, (string Cert, string Key)? shown, string? header = null)
    {
        using var certificate = shown is { } files ? X509Certificate2.CreateFromPemFile(files.Cert, files.Key) : null;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = _certificates.Policy(),
                ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{silo.Address}{path}");
        request.Headers.Authorization = header is null ? null : AuthenticationHeaderValue.Parse(header["Authorization: ".Length..]);
        using var answer = await client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }

    private async Task<string> ShownAsync(TestSilo silo)
    {
        var thumbprint = "";
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = _certificates.Policy(),
                RemoteCertificateValidationCallback = (_, certificate, _, faults) =>
                {
                    thumbprint = ((X509Certificate2)certificate!).Thumbprint;
                    return faults == SslPolicyErrors.None;
                },
            },
        });
        using var answer = await client.GetAsync($"https://{silo.Address}/healthz", Cancel);
        return thumbprint;
    }
}
