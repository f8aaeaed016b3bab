using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Http;
using ProxyCluster.Lines;
using ProxyCluster.Routing;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Http;

/// <summary>A front end in front of silos, most of them written by the test, over real HTTP.</summary>
public sealed class ForwarderTests : IAsyncLifetime
{
    private const string Tag = "\"one\"";

    private static readonly byte[] Body = [.. Enumerable.Range(0, 300_000).Select(static i => (byte)(i * 31 / 7))];

    private PeerSite _site = null!;
    private readonly TaskCompletionSource _clientHasHalf = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<HttpContext, Task>[] _answers = [];
    private int _asked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await PeerSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Silo_Dead_TheNextAnswers()
    {
        var host = await FrontEndAsync(WholeAsync);
        Member dead;
        await using (var gone = await ScriptedPeer.JoinAsync(new LocalCluster(), "tokyo", (context, _) => WholeAsync(context), Cancel))
            dead = gone.Member;
        await using var ghost = await GhostAsync(dead);
        for (var i = 0; i < 5; i++)
            Assert.Equal(Body, await GetBytesAsync(host, $"/example.com/m{i}/@v/v1.0.0.zip"));
    }

    [Theory]
    [InlineData(503, "overloaded")]
    [InlineData(503, "store-unavailable")]
    [InlineData(508, "loop-detected")]
    [InlineData(502, "peer-unavailable")]
    [InlineData(503, null)]
    [InlineData(500, null)]
    public async Task Silo_CannotServeNow_TheNextAnswers(int status, string? cause)
    {
        var host = await FrontEndAsync(context => FailAsync(context, status, cause), WholeAsync);
        var forwards = _site.Count(host, static metrics => metrics.Forwards);
        Assert.Equal(Body, await GetBytesAsync(host));
        Assert.Equal(2, _asked);
        // The good one is counted when its last byte has been sent, which the client may have read by then.
        await Waiting.UntilAsync(() => forwards["tokyo/ok"] == 1);
        Assert.Equal(1, forwards["tokyo/retried"]);
    }

    [Theory]
    [InlineData(404, "not-found")]
    [InlineData(410, "gone")]
    [InlineData(403, "blocked")]
    [InlineData(502, "checksum-mismatch")]
    [InlineData(502, "upstream-unavailable")]
    public async Task Silo_Answers_ItsAnswerIsTheAnswer(int status, string cause)
    {
        var host = await FrontEndAsync(context => FailAsync(context, status, cause), WholeAsync);
        var response = await _site.Client.GetAsync(Url(host), Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(cause, response.Headers.GetValues(Responses.CauseHeader).Single());
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Silo_Silent_TheNextAnswersAndItIsAskedLaterFromThenOn()
    {
        var host = await FrontEndAsync(ScriptedPeer.SilenceAsync, WholeAsync, WholeAsync);
        Assert.Equal(Body, await GetBytesAsync(host));
        Assert.Equal(Body, await GetBytesAsync(host));
        Assert.Equal(3, _asked);
    }

    /// <summary>What cannot be said in ASCII is our client's, not the silo's: it must not be taken for dead.</summary>
    [Fact]
    public async Task Header_NotAscii_IsPassedOnAndBlamesNobody()
    {
        var got = "";
        var host = await FrontEndAsync(
            context =>
            {
                got = context.Request.Headers["traceparent"].ToString();
                return WholeAsync(context);
            },
            WholeAsync);
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(host));
        request.Headers.TryAddWithoutValidation("traceparent", "caf\u00e9");
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8, UseProxy = false });
        var response = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("caf\u00e9", got);
        Assert.Equal(1, _asked);
    }

    /// <summary>A client's own excess is said to it, and is no failure of the region.</summary>
    [Fact]
    public async Task Silos_AllOverloaded_SaySoAndItIsNotOurFailure()
    {
        var host = await FrontEndAsync(context => FailAsync(context, 503, "overloaded"), context => FailAsync(context, 503, "overloaded"));
        var response = await _site.Client.GetAsync(Url(host), Cancel);
        Assert.Equal("overloaded", response.Headers.GetValues(Responses.CauseHeader).Single());
        Assert.Equal(0, host.Services.GetRequiredService<ProxyCluster.Telemetry.ProxyMetrics>().Traffic.Read().Errors);
    }

    [Fact]
    public async Task Silos_AllFail_TheFailureSaysSo()
    {
        var host = await FrontEndAsync(context => FailAsync(context, 503, "store-unavailable"), context => FailAsync(context, 500, null));
        var response = await _site.Client.GetAsync(Url(host), Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal("peer-unavailable", response.Headers.GetValues(Responses.CauseHeader).Single());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Body_Breaks_TheRestComesFromTheNextByteForByte(bool hasLength, bool knowsRanges)
    {
        string? asked = null;
        var host = await FrontEndAsync(
            context => HalfAsync(context, hasLength),
            context =>
            {
                asked = $"{context.Request.Headers.Range} {context.Request.Headers.IfRange}";
                return knowsRanges ? RestAsync(context) : WholeAsync(context);
            });
        Assert.Equal(Body, await GetBytesAsync(host));
        Assert.Equal(2, _asked);
        Assert.Matches($"^bytes=[1-9][0-9]*- {Tag}$", asked);
    }

    [Fact]
    public async Task Body_BreaksTwice_IsContinuedTwice()
    {
        var host = await FrontEndAsync(
            context => HalfAsync(context, true),
            async context =>
            {
                var from = Start(context, HttpStatusCode.PartialContent, hasLength: true);
                await ScriptedPeer.BytesAsync(context, Body[from..(from + 100)]);
                context.Abort();
            },
            RestAsync);
        Assert.Equal(Body, await GetBytesAsync(host));
        Assert.Equal(3, _asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_NobodyCanContinue_IsBrokenNotShort(bool hasLength)
    {
        var host = await FrontEndAsync(
            context => HalfAsync(context, hasLength),
            context =>
            {
                context.Response.Headers.ETag = "\"other\"";
                return ScriptedPeer.BytesAsync(context, Body);
            });
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetBytesAsync(host));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_ShorterThanWhatWasSent_IsBrokenNotShort(bool hasLength)
    {
        var host = await FrontEndAsync(
            context => HalfAsync(context, hasLength),
            context =>
            {
                context.Response.Headers.ETag = Tag;
                return ScriptedPeer.BytesAsync(context, Body[..10]);
            });
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetBytesAsync(host));
    }

    [Fact]
    public async Task Body_WithoutATagBreaksInTheMiddle_IsBrokenNotShort()
    {
        var host = await FrontEndAsync(
            async context =>
            {
                await ScriptedPeer.BytesAsync(context, Body[..(Body.Length / 2)]);
                await _clientHasHalf.Task.WaitAsync(context.RequestAborted);
                context.Abort();
            },
            WholeAsync);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetBytesAsync(host));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Body_BreaksBeforeItsFirstByte_TheNextBeginsAnew()
    {
        var host = await FrontEndAsync(
            async context =>
            {
                context.Response.Headers["X-Of-The-First"] = "yes";
                await context.Response.StartAsync(context.RequestAborted);
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
                context.Abort();
            },
            context => context.Response.WriteAsync("v1.0.0\n", context.RequestAborted));
        var response = await _site.Client.GetAsync(Url(host, "/example.com/m/@v/list"), Cancel);
        Assert.Equal("v1.0.0\n", await response.Content.ReadAsStringAsync(Cancel));
        Assert.False(response.Headers.Contains("X-Of-The-First"));
    }

    [Fact]
    public async Task Headers_OfOneHop_EndThereInBothDirections()
    {
        var down = new List<string>();
        var host = await FrontEndAsync(async context =>
        {
            down.AddRange(context.Request.Headers.Keys);
            foreach (var name in (string[])["Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Trailer", "Server", PeerCalls.TimeHeader])
                context.Response.Headers[name] = "1";
            context.Response.Headers["X-Cache"] = "HIT";
            context.Response.Headers.CacheControl = "no-store";
            await WholeAsync(context);
        });
        var request = new HttpRequestMessage(HttpMethod.Get, Url(host));
        foreach (var (name, value) in new[] { ("Connection", "X-Mine"), ("X-Mine", "1"), ("Authorization", "Basic x"), ("Cookie", "a=b"), ("X-Forwarded-For", "1.2.3.4"), (PeerSignature.Header, "forged"), ("Disable-Module-Fetch", "true"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") })
            request.Headers.TryAddWithoutValidation(name, value);

        var response = await _site.Client.SendAsync(request, Cancel);

        Assert.Equal("HIT", response.Headers.GetValues("X-Cache").Single());
        Assert.True(response.Headers.CacheControl?.NoStore);
        foreach (var name in (string[])["Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Trailer", "Server", PeerCalls.TimeHeader])
            Assert.False(response.Headers.NonValidated.Contains(name), name);
        Assert.Equal(["Disable-Module-Fetch", "Host", "traceparent", PeerSignature.Header], down.Order(StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Our own servers write <c>Connection</c> themselves, so the silo is a socket here.</summary>
    [Fact]
    public async Task Headers_NamedByConnection_EndThere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var serving = ServeRawAsync(
            listener, "Connection: close, X-Of-This-Hop\r\nX-Of-This-Hop: 1\r\nX-Of-All: 1\r\nContent-Length: 2\r\n\r\nok", end.Token);
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await using var engine = await GhostAsync(new Member("tokyo-raw", "tokyo", address, Role.Silo, "test"));
        var host = await _site.AddAsync("tokyo", Role.FrontEnd);

        var response = await _site.Client.GetAsync(Url(host), Cancel);

        Assert.Equal("ok", await response.Content.ReadAsStringAsync(Cancel));
        Assert.True(response.Headers.Contains("X-Of-All"));
        Assert.False(response.Headers.Contains("X-Of-This-Hop"));
        await end.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task HeadConditionAndRange_ThroughToARealSilo_AreItsAnswers()
    {
        await _site.AddAsync("tokyo", Role.Silo);
        var host = await _site.AddAsync("tokyo", Role.FrontEnd);
        var zip = _site.Module.Zip;
        var whole = await _site.Client.GetAsync(Url(host, _site.Zip), Cancel);
        Assert.Equal(zip, await whole.Content.ReadAsByteArrayAsync(Cancel));
        var tag = whole.Headers.ETag!;

        var head = await SendAsync(host, HttpMethod.Head, static _ => { });
        Assert.Equal((HttpStatusCode.OK, zip.Length), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Equal("application/zip", head.Content.Headers.ContentType?.MediaType);

        var unchanged = await SendAsync(host, HttpMethod.Get, request => request.Headers.IfNoneMatch.Add(tag));
        Assert.Equal((HttpStatusCode.NotModified, tag), (unchanged.StatusCode, unchanged.Headers.ETag));

        var part = await SendAsync(host, HttpMethod.Get, static request => request.Headers.Range = new(5, 9));
        Assert.Equal((HttpStatusCode.PartialContent, $"bytes 5-9/{zip.Length}"), (part.StatusCode, part.Content.Headers.ContentRange?.ToString()));
        Assert.Equal(zip[5..10], await part.Content.ReadAsByteArrayAsync(Cancel));

        var outside = await SendAsync(host, HttpMethod.Get, static request => request.Headers.Range = new(1 << 30, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, outside.StatusCode);
        Assert.Equal(1, _site.Fetches(_site.Zip));
    }

    [Fact]
    public async Task Region_NamedByTheRequest_AnswersWhileItIsUsable()
    {
        await _site.AddAsync("tokyo", Role.Silo);
        var frankfurt = await _site.AddAsync("frankfurt", Role.Silo);
        var hosts = new[] { await _site.AddAsync("tokyo", Role.FrontEnd), await _site.AddAsync("tokyo", Role.All) };
        foreach (var host in hosts)
        {
            Assert.Equal("tokyo", await RegionAsync(host, null));
            Assert.Equal("frankfurt", await RegionAsync(host, "frankfurt"));
            Assert.Equal("tokyo", await RegionAsync(host, "atlantis"));
            Assert.Equal("tokyo", await RegionAsync(host, ""));
        }

        await _site.PublishAsync(("frankfurt", RegionState.Drained));
        foreach (var host in hosts)
            Assert.Equal("tokyo", await RegionAsync(host, "frankfurt"));

        await _site.PublishAsync(("tokyo", RegionState.Failed));
        foreach (var host in hosts)
            Assert.Equal("frankfurt", await RegionAsync(host, "tokyo"));
        Assert.Equal("frankfurt", await RegionAsync(frankfurt, "tokyo"));
    }

    [Fact]
    public async Task Region_OutOfServiceAndNoOtherAnswers_TheSiloServesByItself()
    {
        var silo = await _site.AddAsync("tokyo", Role.All);
        await using var ghost = await GhostAsync(new Member("dead", "frankfurt", new Uri("http://127.0.0.1:1"), Role.Silo, ""));
        await _site.PublishAsync(("tokyo", RegionState.Drained));
        Assert.Equal("tokyo", await RegionAsync(silo, null));
        Assert.Equal(1, _site.Fetches(_site.Zip));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/goproxy", "")]
    [InlineData("", "/cached-only")]
    [InlineData("/go/proxy", "/cached-only")]
    public async Task Key_BelowAnyPrefix_GoesToItsOwner(string basePath, string prefix)
    {
        var silos = new[] { await _site.ScriptAsync("tokyo", TellAsync), await _site.ScriptAsync("tokyo", TellAsync), await _site.ScriptAsync("tokyo", TellAsync) };
        var host = await _site.AddAsync("tokyo", Role.FrontEnd, ("Http:BasePath", basePath));
        for (var i = 0; i < 20; i++)
        {
            var key = $"example.com/m{i}@v1.0.0";
            var owner = RegionalOwner.For(key, "tokyo", host.Services.GetRequiredService<ClusterSelf>().View)[0];
            var target = $"{basePath}{prefix}/example.com/m{i}/@v/v1.0.0.zip";
            var answer = await _site.Client.GetStringAsync(Url(host, target), Cancel);
            Assert.Equal($"{owner.Address.Port} {PeerCalls.Prefix}forward/1/127.0.0.1{target}", answer);
        }

        Assert.NotEqual(20, silos[0].Asked.Count);

        static Task TellAsync(HttpContext context, string target) =>
            context.Response.WriteAsync($"{context.Connection.LocalPort} {target}", context.RequestAborted);
    }

    [Fact]
    public async Task Members_ThatTakeEachOtherForSilos_DoNotPassItInACircle()
    {
        var one = await _site.AddAsync("tokyo", Role.FrontEnd);
        var two = await _site.AddAsync("tokyo", Role.FrontEnd);
        await using var ghostOfOne = await GhostAsync(AddressOf(one, "ghost-1"));
        await using var ghostOfTwo = await GhostAsync(AddressOf(two, "ghost-2"));
        var (ones, twos) = (_site.Count(one, static m => m.Forwards), _site.Count(two, static m => m.Forwards));

        var response = await _site.Client.GetAsync(Url(one, _site.Zip), Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal((2, 0), (ones.Total, twos.Total));
        Assert.Equal(0, _site.World.Upstream.TotalRequests);

        static Member AddressOf(WebApplication host, string id) =>
            host.Services.GetRequiredService<ClusterSelf>().Member with { Id = id, Role = Role.Silo };
    }

    [Fact]
    public async Task Silos_ThatTakeEachOtherForTheOwner_FetchOnce()
    {
        // Each knows of the other under a second id that owns everything before it: its own turn never comes in its view.
        var (one, two) = (await _site.AddAsync("tokyo", Role.Silo), await _site.AddAsync("tokyo", Role.Silo));
        await using var ghostOfOne = await GhostAsync(GhostOf(one, "ghost-1"));
        await using var ghostOfTwo = await GhostAsync(GhostOf(two, "ghost-2"));
        foreach (var silo in new[] { one, two })
            Assert.Equal(_site.Module.Zip, await GetBytesAsync(silo, _site.Zip));
        Assert.Equal(1, _site.Fetches(_site.Zip));

        static Member GhostOf(WebApplication host, string id) =>
            host.Services.GetRequiredService<ClusterSelf>().Member with { Id = id, Region = "aaa" };
    }

    private async Task<string> RegionAsync(WebApplication host, string? wanted)
    {
        var response = await SendAsync(host, HttpMethod.Get, request =>
        {
            if (wanted is not null)
                request.Headers.TryAddWithoutValidation(Forwarder.RegionHeader, wanted);
        });
        Assert.Equal(_site.Module.Zip, await response.Content.ReadAsByteArrayAsync(Cancel));
        return response.Headers.GetValues("X-ProxyCluster-Region").Single();
    }

    private async Task<HttpResponseMessage> SendAsync(WebApplication host, HttpMethod method, Action<HttpRequestMessage> change)
    {
        var request = new HttpRequestMessage(method, Url(host, _site.Zip));
        change(request);
        return await _site.Client.SendAsync(request, Cancel);
    }

    private async Task<LocalEngine> GhostAsync(Member member)
    {
        var engine = new LocalEngine(_site.Cluster, TimeProvider.System, NullLogger<LocalEngine>.Instance);
        await engine.JoinAsync(member, Cancel);
        return engine;
    }

    // One request per connection. What is no module's is the cluster's own, and not of interest.
    private static async Task ServeRawAsync(TcpListener listener, string answer, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(cancel);
                using var reader = new StreamReader(client.GetStream(), leaveOpen: true);
                var first = await reader.ReadLineAsync(cancel);
                while (await reader.ReadLineAsync(cancel) is { Length: > 0 })
                {
                }

                var text = first?.Contains("/@v/", StringComparison.Ordinal) == true
                    ? "HTTP/1.1 200 OK\r\n" + answer
                    : "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), cancel);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The test is over, or whoever asked has left.
            }
        }
    }

    /// <summary>A front end before as many silos as answers; the n-th request of any of them gets the n-th answer.</summary>
    private async Task<WebApplication> FrontEndAsync(params Func<HttpContext, Task>[] answers)
    {
        _answers = answers;
        for (var i = 0; i < Math.Max(2, answers.Length); i++)
            await _site.ScriptAsync("tokyo", (context, _) => NextAsync(context));
        return await _site.AddAsync("tokyo", Role.FrontEnd);
    }

    private Task NextAsync(HttpContext context) => _answers[Math.Min(Interlocked.Increment(ref _asked), _answers.Length) - 1](context);

    private static Task WholeAsync(HttpContext context)
    {
        context.Response.Headers.ETag = Tag;
        context.Response.ContentLength = Body.Length;
        return ScriptedPeer.BytesAsync(context, Body);
    }

    private async Task HalfAsync(HttpContext context, bool hasLength)
    {
        context.Response.Headers.ETag = Tag;
        if (hasLength)
            context.Response.ContentLength = Body.Length;
        await ScriptedPeer.BytesAsync(context, Body[..(Body.Length / 2)]);

        // What breaks sooner may take the half with it.
        await _clientHasHalf.Task.WaitAsync(context.RequestAborted);
        context.Abort();
    }

    private static Task RestAsync(HttpContext context) =>
        ScriptedPeer.BytesAsync(context, Body[Start(context, HttpStatusCode.PartialContent, hasLength: true)..]);

    private static int Start(HttpContext context, HttpStatusCode status, bool hasLength)
    {
        var from = int.Parse(context.Request.Headers.Range.ToString()["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
        context.Response.StatusCode = (int)status;
        context.Response.Headers.ETag = Tag;
        context.Response.Headers.ContentRange = $"bytes {from}-{Body.Length - 1}/{Body.Length}";
        if (hasLength)
            context.Response.ContentLength = Body.Length - from;
        return from;
    }

    private static Task FailAsync(HttpContext context, int status, string? cause)
    {
        context.Response.StatusCode = status;
        if (cause is not null)
            context.Response.Headers[Responses.CauseHeader] = cause;
        return context.Response.WriteAsync("no", context.RequestAborted);
    }

    private async Task<byte[]> GetBytesAsync(WebApplication host, string path = "/example.com/m/@v/v1.0.0.zip")
    {
        using var response = await _site.Client.GetAsync(Url(host, path), HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        using var read = new MemoryStream();
        var buffer = new byte[1 << 16];
        try
        {
            while (await body.ReadAsync(buffer, Cancel) is > 0 and var count)
            {
                read.Write(buffer, 0, count);
                if (read.Length >= Body.Length / 2)
                    _clientHasHalf.TrySetResult();
            }
        }
        catch (IOException e)
        {
            throw new HttpRequestException("the body broke", e);
        }

        return read.ToArray();
    }

    private static Uri Url(WebApplication host, string path = "/example.com/m/@v/v1.0.0.zip") => new(host.Urls.First() + path);
}
