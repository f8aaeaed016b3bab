using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Lines;

/// <summary>Who may use the internal endpoints of a whole silo, over HTTP.</summary>
public sealed class InternalEndpointTests : IAsyncLifetime
{
    private PeerSite _site = null!;
    private WebApplication _silo = null!;
    private WebApplication _other = null!;
    private MetricCount _events = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _site = await PeerSite.StartAsync();
        _silo = await _site.AddAsync("tokyo", Role.Silo);
        _other = await _site.AddAsync("tokyo", Role.Silo);
        _events = _site.Count(_silo, static metrics => metrics.SecurityEvents);
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    public static TheoryData<string, string> Calls()
    {
        var calls = new TheoryData<string, string>();
        foreach (var (method, verb) in ((string, string)[])[("GET", "artifact/home"), ("GET", "artifact/region"), ("POST", "replicate"), ("POST", "forget"), ("GET", "forward/1/-"), ("HEAD", "forward/1/-"), ("GET", "query"), ("GET", "repository"), ("GET", "nothing"), ("PUT", "artifact/home")])
            calls.Add(method, verb);
        return calls;
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Call_WithoutCredentials_Is401AndDoesNothing(string method, string verb)
    {
        await IsRefusedAsync(await SendAsync(method, verb, null), 401, "unsigned-call");
        await IsRefusedAsync(await SendAsync(method, verb, "Bearer of no news"), 401, "unsigned-call");
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Call_SignedWithAnotherSecret_Is401AndDoesNothing(string method, string verb) => await IsRefusedAsync(
        await SendAsync(method, verb, Sign(method, verb, secret: "another secret of good length"u8.ToArray())), 401, "unsigned-call");

    [Theory]
    [InlineData(-31)]
    [InlineData(31)]
    public async Task Call_SignedAtAnotherTime_Is401WithOurTimeAndDoesNothing(int seconds)
    {
        var response = await SendAsync("GET", "artifact/home", Sign("GET", "artifact/home", off: TimeSpan.FromSeconds(seconds)));
        Assert.True(response.Headers.Contains(PeerCalls.TimeHeader));
        await IsRefusedAsync(response, 401, null);
    }

    [Fact]
    public async Task Call_UsedCredentials_Are403AndDoNothingMore()
    {
        var credentials = Sign("POST", "nothing");
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("POST", "nothing", credentials)).StatusCode);
        await IsRefusedAsync(await SendAsync("POST", "nothing", credentials), 403, "replayed-call");
        await IsRefusedAsync(await SendAsync("POST", "nothing", credentials), 403, "replayed-call");
    }

    [Fact]
    public async Task Call_CredentialsHeardByAnotherMember_Are401Here()
    {
        var credentials = Sign("GET", "artifact/home", receiver: MemberOf(_other));
        await IsRefusedAsync(await SendAsync("GET", "artifact/home", credentials), 401, "unsigned-call");
    }

    [Theory]
    [InlineData("GET", "artifact/home", "POST", "artifact/home")]
    [InlineData("GET", "artifact/home", "GET", "artifact/region")]
    [InlineData("GET", "forward/1/-", "GET", "forward/2/-")]
    [InlineData("GET", "artifact/home", "POST", "replicate")]
    public async Task Call_CredentialsOfAnotherCall_Is401AndDoesNothing(string signedMethod, string signedVerb, string method, string verb) =>
        await IsRefusedAsync(await SendAsync(method, verb, Sign(signedMethod, signedVerb)), 401, "unsigned-call");

    [Fact]
    public async Task Call_BodyThatWasNotSigned_Is401AndDoesNothing() => await IsRefusedAsync(
        await SendAsync("POST", "replicate", Sign("POST", "replicate"), new StringContent("more")), 401, "unsigned-call");

    [Theory]
    [InlineData("POST", "artifact/home")]
    [InlineData("GET", "replicate")]
    [InlineData("POST", "query")]
    [InlineData("POST", "repository")]
    [InlineData("GET", "artifact/client")]
    [InlineData("GET", "forward/x/-")]
    [InlineData("GET", "forward/2/-")]
    [InlineData("GET", "forward/1/nobody")]
    [InlineData("GET", "forward/1")]
    [InlineData("GET", "nothing")]
    public async Task Call_OfAMemberThatMeansNothing_Is404AndDoesNothing(string method, string verb)
    {
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(method, verb, Sign(method, verb))).StatusCode);
        Assert.Equal(0, _site.World.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Call_OfAMember_IsAnswered()
    {
        var forwarded = await SendAsync("GET", "forward/1/-", Sign("GET", "forward/1/-"));
        Assert.Equal(_site.Module.Zip, await forwarded.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(0, _events.Total);
    }

    [Theory]
    [InlineData("/%2d/cluster/v1/artifact/home")]
    [InlineData("/-/cluster/v2/artifact/home")]
    [InlineData("//-/cluster/v1/artifact/home")]
    [InlineData("/x/../-/cluster/v1/artifact/home")]
    public async Task Call_OtherSpellingOfThePath_IsNoWayIn(string prefix)
    {
        var response = await _site.Client.SendAsync(Request(HttpMethod.Get, _silo.Urls.First() + prefix + _site.Zip), Cancel);
        Assert.Contains((int)response.StatusCode, (int[])[400, 404]);
        Assert.Equal(0, _site.World.Upstream.TotalRequests);
    }

    [Fact]
    public async Task ClientsRequest_WithForgedInternalHeaders_IsAnsweredAsWithoutThem()
    {
        var request = Request(HttpMethod.Get, _silo.Urls.First() + _site.Zip);
        request.Headers.Add("X-ProxyCluster-Hops", "99");
        request.Headers.Add("X-ProxyCluster-Region", "nowhere");
        request.Headers.Add("X-ProxyCluster-Time", "1");
        request.Headers.Add("Via", "1.1 proxycluster, 1.1 proxycluster");
        request.Headers.Add(PeerSignature.Header, Sign("GET", "artifact/home"));
        var response = await _site.Client.SendAsync(request, Cancel);
        Assert.Equal(_site.Module.Zip, await response.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal("tokyo", response.Headers.GetValues("X-ProxyCluster-Region").Single());
    }

    [Theory]
    [InlineData("artifact/home")]
    [InlineData("artifact/region")]
    [InlineData("query")]
    [InlineData("replicate")]
    [InlineData("forward/1/-")]
    public async Task Call_ToAFrontEnd_Is508AndItStoresNothing(string verb)
    {
        var frontEnd = await _site.AddAsync("tokyo", Role.FrontEnd);
        var method = verb == "replicate" ? "POST" : "GET";
        var response = await SendAsync(method, verb, Sign(method, verb, receiver: MemberOf(frontEnd)), to: frontEnd);
        Assert.Equal((HttpStatusCode)508, response.StatusCode);
        Assert.Equal(0, _site.World.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Replicate_FromAStranger_CopiesNothing()
    {
        var response = await SendAsync("POST", "replicate", Sign("POST", "replicate", member: "stranger"));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Null(_silo.Services.GetRequiredService<DiskStore>().FindRecordOrNull(_site.Module.Module));
    }

    private async Task IsRefusedAsync(HttpResponseMessage response, int status, string? securityEvent)
    {
        Assert.Equal(status, (int)response.StatusCode);

        // One sentence that is the same whatever was asked for, and none of our own headers but the time.
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain(_site.Module.Module.Path.Value, text, StringComparison.Ordinal);
        Assert.True(text.Length < 100, text);
        var own = response.Headers.Select(static h => h.Key).Where(static name => name.StartsWith("X-", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(own, static name => name is not (PeerCalls.TimeHeader or "X-ProxyCluster-Region" or "X-Cache"));

        Assert.Equal(0, _site.World.Upstream.TotalRequests);
        Assert.Null(_silo.Services.GetRequiredService<DiskStore>().FindRecordOrNull(_site.Module.Module));
        if (securityEvent is null)
            Assert.Equal(0, _events.Total);
        else
            Assert.True(_events[securityEvent] > 0);
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string verb, string? credentials, HttpContent? body = null, WebApplication? to = null)
    {
        var request = Request(new HttpMethod(method), MemberOf(to ?? _silo).Address.GetLeftPart(UriPartial.Authority) + Target(verb));
        if (credentials is not null)
            request.Headers.TryAddWithoutValidation(PeerSignature.Header, credentials);
        request.Content = body;
        return await _site.Client.SendAsync(request, Cancel);
    }

    private string Sign(
        string method, string verb, byte[]? secret = null, TimeSpan off = default, Member? receiver = null, string? member = null) =>
        PeerSignature.Sign(
            secret ?? _site.Cluster.Secret,
            member ?? MemberOf(_other).Id,
            TimeProvider.System.GetUtcNow() + off,
            method,
            (receiver ?? MemberOf(_silo)).Address.Authority,
            Target(verb),
            []).ToString();

    private string Target(string verb) => PeerCalls.Prefix + verb + (verb == "query"
        ? $"/{_site.Module.Module.Path.Escaped}/@v/list"
        : _site.Zip);

    private static Member MemberOf(WebApplication member) => member.Services.GetRequiredService<ClusterSelf>().Member;

    private static HttpRequestMessage Request(HttpMethod method, string url) => new(
        method, new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
}
