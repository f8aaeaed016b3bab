using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Tests.Fetching;

/// <summary>Upstreams as they are in the world: TLS by an authority, and whatever protocol both sides can.</summary>
public sealed class Http2UpstreamTests : IDisposable
{
    private const string Body = "these are the bytes of a zip";

    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _certificate;

    public Http2UpstreamTests()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority of this test", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(_authority, now.AddDays(-1), now.AddHours(12), [1, 2, 3]);
        _certificate = signed.CopyWithPrivateKey(key);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _certificate.Dispose();
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpProtocols.Http2, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    public async Task Fetch_FromTlsUpstream_SpeaksTheBestProtocolThatBothSidesCan(HttpProtocols protocols, string expected)
    {
        await using var upstream = await StartAsync(protocols);
        using var fixture = new ChainFixture(upstream.Urls.First(), handler: Trust);
        Assert.Equal($"{Body} over {expected}", (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task Fetch_ManyAtOnceOverHttp2_AllArrive()
    {
        await using var upstream = await StartAsync(HttpProtocols.Http2);
        using var fixture = new ChainFixture(upstream.Urls.First(), handler: Trust);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => fixture.FetchAsync()));
        Assert.All(outcomes, outcome => Assert.Equal($"{Body} over HTTP/2", outcome.Value));
    }

    [Theory]
    [InlineData(1)] // PROTOCOL_ERROR
    [InlineData(2)] // INTERNAL_ERROR
    [InlineData(7)] // REFUSED_STREAM
    [InlineData(8)] // CANCEL
    [InlineData(11)] // ENHANCE_YOUR_CALM
    public async Task Stream_ResetBeforeItsHeaders_IsAskedForAgain(int code)
    {
        var left = 1;
        await using var upstream = await StartAsync(HttpProtocols.Http2, http =>
        {
            if (Interlocked.Decrement(ref left) < 0)
                return false;
            http.Features.Get<IHttpResetFeature>()!.Reset(code);
            return true;
        });
        using var fixture = new ChainFixture(upstream.Urls.First(), handler: Trust);
        Assert.Equal($"{Body} over HTTP/2", (await fixture.FetchAsync()).Value);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Stream_ResetEveryTime_IsAnOutage(int code)
    {
        await using var upstream = await StartAsync(HttpProtocols.Http2, http =>
        {
            http.Features.Get<IHttpResetFeature>()!.Reset(code);
            return true;
        });
        using var fixture = new ChainFixture(upstream.Urls.First(), handler: Trust);
        Assert.Equal(FailureKind.UpstreamUnavailable, (await fixture.FetchAsync()).Failure!.Kind);
        Assert.Equal(1, fixture.Chain.Statuses[0].ConsecutiveFailures);
    }

    [Fact]
    public async Task Connection_SentAwayBeforeTheHeaders_IsAskedForAgain()
    {
        var left = 1;
        await using var upstream = await StartAsync(HttpProtocols.Http2, http =>
        {
            if (Interlocked.Decrement(ref left) < 0)
                return false;
            http.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
            return true;
        });
        using var fixture = new ChainFixture(upstream.Urls.First(), handler: Trust);
        Assert.Equal($"{Body} over HTTP/2", (await fixture.FetchAsync()).Value);
    }

    // A reset takes what the other side has not read with it: on a busy machine, the settings with which a server begins.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_BrokenBeforeItsFirstFrame_IsAskedForAgain(bool isReset)
    {
        var left = 1;
        await using var upstream = await StartAsync(HttpProtocols.Http2, before: async connection =>
        {
            if (Interlocked.Decrement(ref left) < 0)
                return false;
            await connection.Transport.Input.ReadAsync(Cancellation);
            if (isReset)
                connection.Abort();
            return true;
        });
        using var fixture = new ChainFixture(upstream.Urls.First(), handler: Trust);
        Assert.Equal($"{Body} over HTTP/2", (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task Fetch_AuthorityIsNotTrusted_IsAnOutageThatSaysSo()
    {
        await using var upstream = await StartAsync(HttpProtocols.Http1AndHttp2);
        using var fixture = new ChainFixture(upstream.Urls.First(), o => o.Retries = 0);
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.UpstreamUnavailable, failure.Kind);
        Assert.Contains("no TLS connection", failure.Message, StringComparison.Ordinal);
    }

    private void Trust(SocketsHttpHandler handler)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }

    private async Task<WebApplication> StartAsync(
        HttpProtocols protocols, Func<HttpContext, bool>? instead = null, Func<ConnectionContext, Task<bool>>? before = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, end =>
        {
            end.Protocols = protocols;
            end.UseHttps(_certificate);
            end.Use(next => async connection =>
            {
                if (before is null || !await before(connection))
                    await next(connection);
            });
        }));
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, ProxyCluster.Joining.UnattendedLifetime>();
        var app = builder.Build();
        app.Run(http =>
        {
            if (instead?.Invoke(http) == true)
                return Task.CompletedTask;
            http.Response.ContentType = "application/zip";
            return http.Response.WriteAsync($"{Body} over {http.Request.Protocol}", http.RequestAborted);
        });
        await app.StartAsync(Cancellation);
        return app;
    }
}
