using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Admin;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Http;
using ProxyCluster.Routing;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Http;

/// <summary>What a front end answers without a silo, over real HTTP; its clock stands until the test moves it.</summary>
public sealed class FrontEndMemoryTests : IAsyncLifetime
{
    private const string Path = "/example.com/m/@v/v1.0.0.mod";

    private static readonly byte[] Body = "module example.com/m\n"u8.ToArray();
    private static readonly string Tag = EntityTag.Of(Body);

    private readonly ManualTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private PeerSite _site = null!;
    private ScriptedPeer _silo = null!;
    private Func<HttpContext, Task> _answer = GiveAsync;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await PeerSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Theory]
    [InlineData(".info")]
    [InlineData(".mod")]
    [InlineData(".zip")]
    public async Task Artifact_AskedForTwice_ReachesASiloOnceAndIsTheSameAnswer(string kind)
    {
        var silo = await _site.AddAsync("tokyo", Role.Silo);
        var front = await _site.AddAsync("tokyo", Role.FrontEnd);
        var forwards = _site.Count(front, static metrics => metrics.Forwards);
        var path = _site.Zip.Replace(".zip", kind, StringComparison.Ordinal);
        await AnswerAsync(front, path);
        var tag = EntityTag.Of(await _site.Client.GetByteArrayAsync(Url(silo, path), Cancel));
        foreach (var change in (Action<HttpRequestMessage>[])
            [
                static _ => { },
                static request => request.Method = HttpMethod.Head,
                request => request.Headers.TryAddWithoutValidation("If-None-Match", tag),
                static request => request.Headers.TryAddWithoutValidation("Range", "bytes=2-9"),
                static request => request.Headers.TryAddWithoutValidation("Range", "bytes=1000000-"),
                static request => request.Headers.TryAddWithoutValidation("Disable-Module-Fetch", "true"),
            ])
        {
            Assert.Equal(await AnswerAsync(silo, path, change), await AnswerAsync(front, path, change));
        }

        Assert.Equal(1, forwards.Total);
        Assert.Equal(6, front.Services.GetRequiredService<ProxyMetrics>().Traffic.Read().Hits);
    }

    [Fact]
    public async Task CachedOnly_OfWhatIsRemembered_ReachesNoSilo()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        Assert.Equal(Body, await _site.Client.GetByteArrayAsync(Url(front, ProxyHandler.CachedOnlyPrefix + Path), Cancel));
        Assert.Single(_silo.Asked);
    }

    [Fact]
    public async Task Bytes_NotThoseOfTheirTag_ReachNobodyAndTheNextSiloAnswers()
    {
        var front = await FrontEndAsync();
        var asked = 0;
        await _site.ScriptAsync("tokyo", (context, _) => _answer(context));
        _answer = context => Interlocked.Increment(ref asked) == 1 ? GiveAsync(context, Tag, [.. Body[1..], 0]) : GiveAsync(context);
        Assert.Equal(Body, await _site.Client.GetByteArrayAsync(Url(front), Cancel));
        Assert.Equal(Body, await _site.Client.GetByteArrayAsync(Url(front), Cancel));
        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData("\"one\"")]
    [InlineData("\"sha256-00\"")]
    [InlineData(null)]
    public async Task Tag_ThatProvesNothing_IsPassedOnEachTime(string? tag)
    {
        var front = await FrontEndAsync();
        _answer = context => GiveAsync(context, tag, Body);
        await GetTwiceAsync(Url(front));
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Theory]
    [InlineData("Storage:MemoryBytes", "0")]
    [InlineData("Storage:MemoryMaxArtifactBytes", "20")]
    public async Task Artifact_ThatHasNoRoom_IsPassedOnEachTime(string key, string value)
    {
        var front = await FrontEndAsync((key, value));
        await GetTwiceAsync(Url(front));
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Theory]
    [InlineData("/example.com/m/@v/list")]
    [InlineData("/example.com/m/@latest")]
    [InlineData("/example.com/m/@v/v1.info")]
    public async Task Query_IsPassedOnEachTime(string path)
    {
        var front = await FrontEndAsync();
        await GetTwiceAsync(Url(front, path));
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Fact]
    public async Task Region_NamedByTheRequest_IsAskedEachTime()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        foreach (var region in (string[])["tokyo", "nowhere", ""])
            await AnswerAsync(front, Path, request => request.Headers.TryAddWithoutValidation(Forwarder.RegionHeader, region));
        Assert.Equal(4, _silo.Asked.Count);
    }

    [Fact]
    public async Task Region_OutOfService_IsAnsweredForByTheNext()
    {
        await _site.AddAsync("sanjose", Role.Silo); // has the authority
        var front = await FrontEndAsync();
        var other = await _site.ScriptAsync("frankfurt", (context, _) => GiveAsync(context));
        await _site.Client.GetAsync(Url(front), Cancel);
        await _site.PublishAsync(("tokyo", RegionState.Drained));
        await GetTwiceAsync(Url(front));
        Assert.Equal(2, other.Asked.Count);

        // Nothing of it was kept as an answer of this region.
        await _site.PublishAsync(("tokyo", RegionState.Active));
        await GetTwiceAsync(Url(front));
        Assert.Equal((1, 2), (_silo.Asked.Count, other.Asked.Count));
    }

    [Fact]
    public async Task Artifact_NotKnownLately_IsAskedAboutOnceForAll()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(9));
        await _site.Client.GetAsync(Url(front), Cancel);
        Assert.Single(_silo.Asked);

        var (asked, may) = (new TaskCompletionSource(), new TaskCompletionSource());
        _answer = async context =>
        {
            Assert.Equal("HEAD", context.Request.Method);
            asked.TrySetResult();
            await may.Task;
            await GiveAsync(context);
        };
        _clock.Advance(TimeSpan.FromSeconds(1));
        var active = _site.Count(front, static metrics => metrics.ActiveRequests);
        var waiting = Enumerable.Range(0, 5).Select(_ => _site.Client.GetByteArrayAsync(Url(front), Cancel)).ToList();
        await asked.Task.WaitAsync(Cancel);
        await Waiting.UntilAsync(() => active.Total >= 5);
        may.SetResult();
        Assert.All(await Task.WhenAll(waiting), static body => Assert.Equal(Body, body));

        // Believed anew, for as long.
        _clock.Advance(TimeSpan.FromSeconds(9));
        await _site.Client.GetAsync(Url(front), Cancel);
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Theory]
    [InlineData(404, "not-found")]
    [InlineData(410, "gone")]
    [InlineData(403, "blocked")]
    [InlineData(502, "checksum-mismatch")]
    public async Task Artifact_ThatASiloNoLongerGives_IsGoneHereToo(int status, string cause)
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(10));
        _answer = context => RefuseAsync(context, status, cause);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var answer = await _site.Client.GetAsync(Url(front), Cancel);
            Assert.Equal(status, (int)answer.StatusCode);
        }

        Assert.Equal(4, _silo.Asked.Count);
    }

    [Fact]
    public async Task Artifact_ThatASiloGivesWithOtherBytes_IsReplaced()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(10));
        byte[] other = [.. Body, (byte)'\n'];
        _answer = context => GiveAsync(context, EntityTag.Of(other), other);
        Assert.Equal(other, await _site.Client.GetByteArrayAsync(Url(front), Cancel));
        Assert.Equal(other, await _site.Client.GetByteArrayAsync(Url(front), Cancel));
        Assert.Equal(3, _silo.Asked.Count);
    }

    [Theory]
    [InlineData(503, "overloaded")]
    [InlineData(503, "store-unavailable")]
    [InlineData(502, "upstream-unavailable")]
    [InlineData(504, "upstream-timeout")]
    [InlineData(500, null)]
    public async Task Artifact_OfWhichNoSiloSaysAnything_IsServedOn(int status, string? cause)
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(10));
        _answer = context => RefuseAsync(context, status, cause);
        foreach (var _ in Enumerable.Range(0, 2))
            Assert.Equal(Body, await _site.Client.GetByteArrayAsync(Url(front), Cancel));
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Fact]
    public async Task Artifact_WhileNoSiloAnswers_IsServedOn()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await _silo.StopListeningAsync();
        Assert.Equal(Body, await _site.Client.GetByteArrayAsync(Url(front), Cancel));
    }

    [Fact]
    public async Task Artifact_OfASiloThatNeverAnswers_IsServedOnAfterAWhile()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(10));
        var asked = new TaskCompletionSource();
        _answer = context =>
        {
            asked.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        };
        var waiting = _site.Client.GetByteArrayAsync(Url(front), Cancel);
        await asked.Task.WaitAsync(Cancel);
        while (!waiting.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancel);
        }

        Assert.Equal(Body, await waiting);
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Fact]
    public async Task Artifact_NotBelievedAnyMore_IsNotAskedForByWhoWantsNothingFetched()
    {
        var front = await FrontEndAsync();
        await _site.Client.GetAsync(Url(front), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(10));
        var forbidden = new List<string>();
        _answer = context =>
        {
            forbidden.Add($"{context.Request.Method} {context.Request.Headers["Disable-Module-Fetch"]}");
            return GiveAsync(context);
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(front)) { Headers = { { "Disable-Module-Fetch", "true" } } };
        using var answer = await _site.Client.SendAsync(request, Cancel);
        Assert.Equal(["GET true"], forbidden);
    }

    [Fact]
    public async Task ModuleVersion_ForgottenWhileItsBytesAreOnTheWay_IsNotKept()
    {
        var front = await FrontEndAsync();
        _answer = context =>
        {
            front.Services.GetRequiredService<HotCache>().Remove(Path[1..]);
            return GiveAsync(context);
        };
        await GetTwiceAsync(Url(front));
        Assert.Equal(2, _silo.Asked.Count);
    }

    [Fact]
    public async Task ModuleVersion_Forgotten_IsGoneHereAtOnce()
    {
        var silo = await _site.AddAsync("tokyo", Role.Silo);
        var front = await _site.AddAsync("tokyo", Role.FrontEnd);
        var forwards = _site.Count(front, static metrics => metrics.Forwards);
        await GetTwiceAsync(Url(front, _site.Zip));
        var said = await silo.Services.GetRequiredService<Forgetting>().EverywhereAsync(_site.Module.Module, "a test", "somebody", Cancel);
        Assert.True(said.Complete);
        Assert.Equal([ForgetResult.Forgotten, ForgetResult.Forgotten], said.Members.Select(static member => member.Result));
        await _site.Client.GetAsync(Url(front, _site.Zip), Cancel);
        Assert.Equal(2, _site.Fetches(_site.Zip));

        // Counted when the body is out, which its client may see first.
        await Waiting.UntilAsync(() => forwards.Total == 2);
    }

    /// <summary>A front end before one silo, which the test writes.</summary>
    private async Task<WebApplication> FrontEndAsync(params (string Key, string Value)[] more)
    {
        _silo = await _site.ScriptAsync("tokyo", (context, _) => _answer(context));
        return await _site.AddAsync("tokyo", Role.FrontEnd, services => services.AddSingleton<TimeProvider>(_clock), more);
    }

    private static Task RefuseAsync(HttpContext context, int status, string? cause)
    {
        (context.Response.StatusCode, context.Response.Headers[Responses.CauseHeader]) = (status, cause);
        return Task.CompletedTask;
    }

    private static Task GiveAsync(HttpContext context) => GiveAsync(context, Tag, Body);

    private static Task GiveAsync(HttpContext context, string? tag, byte[] body)
    {
        context.Response.Headers.ETag = tag;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : ScriptedPeer.BytesAsync(context, body);
    }

    [Fact]
    public async Task Withdrawn_WhatIsRememberedOrOnItsWay_IsRefusedWithoutASilo()
    {
        var front = await FrontEndAsync();
        await GetTwiceAsync(Url(front));
        Withdraw(front, isWithdrawn: true);
        await IsAsync(HttpStatusCode.Forbidden);
        Assert.Single(_silo.Asked);

        // It is not kept by what was decided before the bytes came, nor by what was decided meanwhile.
        Withdraw(front, isWithdrawn: false);
        _answer = context =>
        {
            Withdraw(front, isWithdrawn: true);
            return GiveAsync(context);
        };
        await IsAsync(HttpStatusCode.OK);
        await IsAsync(HttpStatusCode.Forbidden);
        Assert.Equal(2, _silo.Asked.Count);

        async Task IsAsync(HttpStatusCode status)
        {
            using var answer = await _site.Client.GetAsync(Url(front), Cancel);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    private static void Withdraw(WebApplication host, bool isWithdrawn)
    {
        Assert.True(ModuleVersion.TryParse("example.com/m", "v1.0.0", out var module, out _));
        var rulings = isWithdrawn ? RulingSet.Empty.With(new Ruling(RulingVerb.Withdraw, module, null, null, "alice", "a test", default)) : RulingSet.Empty;
        Assert.Null(host.Services.GetRequiredService<RulingBook>().TakeOrFault(rulings.Write()));
    }

    private async Task GetTwiceAsync(Uri url)
    {
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var answer = await _site.Client.GetAsync(url, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    // All that a client can see of it but the time.
    private async Task<string> AnswerAsync(WebApplication host, string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(host, path));
        change?.Invoke(request);
        using var answer = await _site.Client.SendAsync(request, Cancel);
        var headers = answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated).Where(static header => header.Key != "Date");
        return $"{answer.StatusCode}\n{string.Join('\n', headers.Select(static header => $"{header.Key}: {header.Value}"))}\n"
            + Digest.Of(await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    private static Uri Url(WebApplication host, string path = Path) => new(host.Urls.First() + path);
}
