using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Lines;

namespace ProxyCluster.Tests.Lines;

/// <summary>Addresses for members apart from those for clients, with and without certificates.</summary>
public sealed class InternalListenerTests : IAsyncLifetime
{
    private readonly TestCertificates _certificates = new();
    private PeerSite _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await PeerSite.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _certificates.Dispose();
    }

    [Fact]
    public async Task OwnAddresses_EachHasItsEndpointsOnly()
    {
        var silo = await _site.AddAsync("tokyo", Role.All, (SettingKeys.InternalUrls, "http://127.0.0.1:0"));
        var (forClients, forMembers) = (silo.Urls.First(), silo.Urls.Last());
        Assert.Equal(2, silo.Urls.Count);
        Assert.Equal(forMembers, MemberOf(silo).Address.GetLeftPart(UriPartial.Authority));

        Assert.Equal(_site.Module.Zip, await _site.Client.GetByteArrayAsync(new Uri(forClients + _site.Zip), Cancel));
        Assert.Equal("ok\n", await _site.Client.GetStringAsync(new Uri(forClients + "/healthz"), Cancel));
        foreach (var path in (string[])[_site.Zip, "/", "/healthz", "/readyz", "/metrics"])
            Assert.Equal(404, await StatusAsync(forMembers + path));

        Assert.Equal(404, await StatusAsync(forClients + PeerCalls.Prefix + "artifact/home" + _site.Zip));
        Assert.Equal(404, await StatusAsync(forClients + PeerCalls.Prefix + "forward/1/-" + _site.Zip, Sign(silo, "forward/1/-")));
        Assert.Equal(401, await StatusAsync(forMembers + PeerCalls.Prefix + "forward/1/-" + _site.Zip));
        Assert.Equal(200, await StatusAsync(forMembers + PeerCalls.Prefix + "forward/1/-" + _site.Zip, Sign(silo, "forward/1/-")));
    }

    [Fact]
    public async Task OwnAddresses_MembersFindEachOther()
    {
        await _site.AddAsync("tokyo", Role.Silo, (SettingKeys.InternalUrls, "http://127.0.0.1:0"));
        var frontEnd = await _site.AddAsync("tokyo", Role.FrontEnd, (SettingKeys.InternalUrls, "http://127.0.0.1:0"));
        Assert.Equal(_site.Module.Zip, await _site.Client.GetByteArrayAsync(new Uri(frontEnd.Urls.First() + _site.Zip), Cancel));
        Assert.Equal(1, _site.Fetches(_site.Zip));
    }

    [Fact]
    public async Task Certificates_MembersOfOneAuthority_FillFromEachOther()
    {
        var silo = await _site.AddAsync("tokyo", Role.Silo, _certificates.Settings());
        await _site.AddAsync("frankfurt", Role.Silo, _certificates.Settings());
        var frontEnd = await _site.AddAsync("tokyo", Role.FrontEnd, _certificates.Settings());
        Assert.Equal("https", MemberOf(silo).Address.Scheme);

        foreach (var module in _site.World.Modules)
        {
            var path = $"/{module.Module.Path.Escaped}/@v/{module.Module.EscapedVersion}.zip";
            Assert.Equal(module.Zip, await _site.Client.GetByteArrayAsync(new Uri(frontEnd.Urls.First() + path), Cancel));
            Assert.Equal(1, _site.Fetches(path));
        }
    }

    [Fact]
    public async Task Certificates_CallerWithoutOneOfTheAuthority_GetsNoConnection()
    {
        using var strangers = new TestCertificates();
        var silo = await _site.AddAsync("tokyo", Role.Silo, _certificates.Settings());
        var url = MemberOf(silo).Address.GetLeftPart(UriPartial.Authority) + PeerCalls.Prefix + "forward/1/-" + _site.Zip;

        foreach (var (cert, key) in new[] { ((string?)null, (string?)null), strangers.Issue(), _certificates.Issue(expired: true), _certificates.Issue(forClients: false) })
        {
            using var caller = Caller(cert, key);
            var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation(PeerSignature.Header, Sign(silo, "forward/1/-", []));
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => caller.SendAsync(request, Cancel));
        }

        var (own, ownKey) = _certificates.Issue();
        using var member = Caller(own, ownKey);
        var unsigned = await member.GetAsync(new Uri(url), Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, unsigned.StatusCode);
        var signed = new HttpRequestMessage(HttpMethod.Get, url);
        signed.Headers.TryAddWithoutValidation(PeerSignature.Header, Sign(silo, "forward/1/-", []));
        Assert.Equal(HttpStatusCode.OK, (await member.SendAsync(signed, Cancel)).StatusCode);
        Assert.Equal(1, _site.Fetches(_site.Zip));
    }

    [Theory]
    [InlineData(false, "127.0.0.1")]
    [InlineData(true, "127.0.0.1")]
    [InlineData(false, "10.9.8.7")]
    [InlineData(false, "elsewhere.example.com")]
    public async Task Certificates_PeerIsOfAnotherAuthorityOrHost_IsNotBelievedAndTheSiloFetchesByItself(bool isStranger, string host)
    {
        using var strangers = new TestCertificates();
        var regions = _site.RegionsInOwnerOrder("peer", "self");
        await _site.AddAsync(regions[0], Role.Silo, _certificates.Settings(isStranger ? strangers : null, host));
        var silo = await _site.AddAsync(regions[1], Role.Silo, _certificates.Settings());
        var fills = _site.Count(silo, static metrics => metrics.PeerFills);

        Assert.Equal(_site.Module.Zip, await _site.Client.GetByteArrayAsync(new Uri(silo.Urls.First() + _site.Zip), Cancel));

        var isBelieved = !isStranger && host == "127.0.0.1";
        Assert.Equal(isBelieved ? 1 : 0, fills[regions[0] + "/ok"]);
        Assert.Equal(isBelieved ? 0 : 1, fills[regions[0] + "/peer-unavailable"]);
        Assert.Equal(1, _site.Fetches(_site.Zip));
    }

    [Fact]
    public async Task Certificates_WithASecretToo_BothMustBeRight()
    {
        var secret = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(secret, "a secret of good length", Cancel);
            var silo = await _site.AddAsync("tokyo", Role.Silo, [.. _certificates.Settings(), (SettingKeys.SecretFile, secret)]);
            var url = MemberOf(silo).Address.GetLeftPart(UriPartial.Authority) + PeerCalls.Prefix + "forward/1/-" + _site.Zip;
            var (own, ownKey) = _certificates.Issue();
            using var member = Caller(own, ownKey);
            foreach (var (key, status) in new[] { (Array.Empty<byte>(), 401), ("a secret of good length"u8.ToArray(), 200) })
            {
                var request = new HttpRequestMessage(HttpMethod.Get, url);
                request.Headers.TryAddWithoutValidation(PeerSignature.Header, Sign(silo, "forward/1/-", key));
                Assert.Equal(status, (int)(await member.SendAsync(request, Cancel)).StatusCode);
            }
        }
        finally
        {
            File.Delete(secret);
        }
    }

    [Fact]
    public void Settings_ThatCannotWork_AreSaidInOneLineEach()
    {
        using var strangers = new TestCertificates();
        var (cert, key) = _certificates.Issue();
        var (expired, expiredKey) = _certificates.Issue(expired: true);
        var missing = Path.Combine(Path.GetTempPath(), "proxycluster-nothing.pem");
        (string, string)[] tls = [("Cluster:Tls:CertFile", cert), ("Cluster:Tls:KeyFile", key), ("Cluster:Tls:CaFile", _certificates.CaFile)];
        (string, string) forMembers = (SettingKeys.InternalUrls, "https://127.0.0.1:0");

        IsRefused("Cluster:InternalUrls: ftp://x is not an address to listen on without Cluster:Tls", (SettingKeys.InternalUrls, "ftp://x"));
        IsRefused("Cluster:InternalUrls: https://127.0.0.1:0 is not an address to listen on without Cluster:Tls", forMembers);
        IsRefused("Cluster:InternalUrls: http://127.0.0.1:0 is not an address to listen on with Cluster:Tls", [.. tls, (SettingKeys.InternalUrls, "http://127.0.0.1:0")]);
        IsRefused("Cluster:Tls: certificates need addresses of their own", tls);
        IsRefused("Cluster:Tls: CertFile, KeyFile and CaFile go together", [.. tls[..2], forMembers]);
        IsRefused("Cluster:Advertise: http://10.0.0.1:8081/ must be https", [.. tls, forMembers, (SettingKeys.Advertise, "http://10.0.0.1:8081")]);
        IsRefused($"Cluster:Tls: {cert} is not a member's certificate by the authority", [.. tls[..2], forMembers, ("Cluster:Tls:CaFile", strangers.CaFile)]);
        IsRefused($"Cluster:Tls: {expired} is not a member's certificate", [tls[2], forMembers, ("Cluster:Tls:CertFile", expired), ("Cluster:Tls:KeyFile", expiredKey)]);
        IsRefused($"Cluster:Tls: {cert} cannot be used", [tls[0], tls[2], forMembers, ("Cluster:Tls:KeyFile", expiredKey)]);
        IsRefused($"Cluster:Tls: {key} cannot be used", [.. tls[..2], forMembers, ("Cluster:Tls:CaFile", key)]);
        IsRefused("Cluster:Tls: Could not find file", [.. tls[..2], forMembers, ("Cluster:Tls:CaFile", missing)]);
        IsRefused("Cluster:SecretFile: Could not find file", (SettingKeys.SecretFile, missing));
        IsRefused("Cluster:SecretFile: the secret in", (SettingKeys.SecretFile, WriteShort()));
        IsRefused("is in Serve:Urls too", (SettingKeys.Urls, "http://127.0.0.1:8080"), (SettingKeys.InternalUrls, "http://127.0.0.1:8080"));
        IsRefused(
            "has the port of an address for clients",
            (SettingKeys.Urls, "http://127.0.0.1:8080"),
            (SettingKeys.InternalUrls, "http://127.0.0.1:8081"),
            (SettingKeys.Advertise, "http://127.0.0.1:8080"));
    }

    [Fact]
    public void Settings_CertificatesInsteadOfASecret_AreEnoughForACluster()
    {
        using var app = _site.Build("tokyo", Role.Silo, static _ => { }, [
            .. _certificates.Settings(), (SettingKeys.Engine, "orleans"), (SettingKeys.Store, "redis://127.0.0.1:1"), (SettingKeys.Advertise, "https://127.0.0.1:8081")]);
        Assert.False(app.Services.GetRequiredService<ClusterSecret>().IsSet);
    }

    private void IsRefused(string line, params (string, string)[] settings)
    {
        var mistakes = Assert.Throws<SettingsException>(() => _site.Build("tokyo", Role.Silo, static _ => { }, settings)).Mistakes;
        Assert.Contains(mistakes, mistake => mistake.Contains(line, StringComparison.Ordinal) && !mistake.Contains('\n', StringComparison.Ordinal));
    }

    private string WriteShort()
    {
        var path = Path.ChangeExtension(_certificates.CaFile, ".short");
        File.WriteAllText(path, "short");
        return path;
    }

    private async Task<int> StatusAsync(string url, string? credentials = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (credentials is not null)
            request.Headers.TryAddWithoutValidation(PeerSignature.Header, credentials);
        using var response = await _site.Client.SendAsync(request, Cancel);
        return (int)response.StatusCode;
    }

    private string Sign(WebApplication silo, string verb, byte[]? secret = null) => PeerSignature.Sign(
        secret ?? _site.Cluster.Secret, "somebody", TimeProvider.System.GetUtcNow(), "GET", MemberOf(silo).Address.Authority,
        PeerCalls.Prefix + verb + _site.Zip, []).ToString();

    private static Member MemberOf(WebApplication member) => member.Services.GetRequiredService<ClusterSelf>().Member;

    /// <summary>A caller that shows what it is told to.</summary>
    private HttpClient Caller(string? cert, string? key)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_certificates.CaFile);
        var ssl = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        if (cert is not null)
            ssl.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(cert, key), null, offline: true);
        return new HttpClient(new SocketsHttpHandler { SslOptions = ssl });
    }
}
