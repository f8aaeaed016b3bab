using System.Collections.Concurrent;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Load;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Drills.Load;

/// <summary>What a load counts: every request by how it ended, and what a client once got.</summary>
public sealed class LoadGeneratorTests : IDisposable
{
    private const int Enough = 60;

    private static readonly IReadOnlyList<PackedModule> Modules = [.. DrillModules.Make(24, seed: 4)];

    private readonly DrillCatalog _catalog = DrillCatalog.Of(Modules, 4, seed: 1);
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly HttpClient _http = new();
    private volatile string _mood = "well";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Run_WellServed_AllAreOkAndArtifactsAcknowledged()
    {
        await using var door = await ServeAsync();
        using var load = Load(door, static () => false);

        Assert.Empty(await load.WarmAsync(Cancel));
        await RunAsync(load);

        Assert.All(load.Answers, static answer => Assert.Equal((Ending.Ok, null, 1), (answer.Ending, answer.Cause, answer.Doors)));
        Assert.Equal(load.Sent, load.Answers.Count);
        Assert.All([AskedFor.Hit, AskedFor.Miss, AskedFor.Query], kind => Assert.Contains(load.Answers, answer => answer.Asked == kind));
        Assert.Superset(_catalog.Warm.Select(static warm => warm.Path).ToHashSet(), load.Acknowledged.Select(static got => got.Path).ToHashSet());
        Assert.DoesNotContain(load.Acknowledged, static got => !got.IsArtifact);
    }

    [Fact]
    public async Task Run_WrongBytes_AreCountedAsSuchAndNotAcknowledged()
    {
        await using var door = await ServeAsync();
        using var load = Load(door, static () => false);
        _mood = "wrong";

        await RunAsync(load);

        Assert.All(load.Answers, static answer => Assert.Equal(Ending.Wrong, answer.Ending));
        Assert.Empty(load.Acknowledged);
    }

    [Fact]
    public async Task Run_HonestOutage_ExcusesOnlyWhatNobodyGotWhileUpstreamIsAway()
    {
        await using var door = await ServeAsync();
        using var load = Load(door, static () => true);
        Assert.Empty(await load.WarmAsync(Cancel));
        _mood = "outage";

        await RunAsync(load);

        Assert.All(load.Answers, static answer => Assert.Equal(answer.Asked == AskedFor.Miss ? Ending.Unobtainable : Ending.Failed, answer.Ending));
        Assert.Contains(load.Answers, static answer => answer.Ending == Ending.Unobtainable);
    }

    [Fact]
    public async Task Run_HonestOutageWhileUpstreamIsWell_IsAFailure()
    {
        await using var door = await ServeAsync();
        using var load = Load(door, static () => false);
        _mood = "outage";

        await RunAsync(load);

        Assert.All(load.Answers, static answer => Assert.Equal((Ending.Failed, "503 upstream-unavailable"), (answer.Ending, answer.Cause)));
    }

    [Fact]
    public async Task Warm_WhatFailsOnce_IsTriedAgainAndWhatStaysWrongIsNamed()
    {
        await using var door = await ServeAsync();
        using var load = Load(door, static () => false);
        _mood = "first fails";

        Assert.Empty(await load.WarmAsync(Cancel));

        _mood = "wrong";
        var failed = await load.WarmAsync(Cancel);
        Assert.Equal(_catalog.Warm.Length + _catalog.Queries.Length, failed.Count);
        Assert.All(failed, static line => Assert.EndsWith(": wrong bytes", line, StringComparison.Ordinal));
    }

    // As many requests as it takes to meet every kind; the rate only says how soon they come.
    private static async Task RunAsync(LoadGenerator load)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = load.RunAsync(end.Token);
        await Waiting.UntilAsync(() => load.Sent >= Enough, $"{Enough} requests are sent");
        await end.CancelAsync();
        await running;
    }

    private LoadGenerator Load(LoopbackServer door, Func<bool> isUpstreamAway) => new(
        _catalog,
        [new DrillClient("tokyo", [new Uri(door.Url)], _http, TimeSpan.FromSeconds(30), TimeProvider.System)],
        rate: 300,
        isUpstreamAway,
        TimeProvider.System);

    private Task<LoopbackServer> ServeAsync() => LoopbackServer.StartAsync(
        async (context, path) =>
        {
            var isFirst = _asked.AddOrUpdate(path, 1, static (_, count) => count + 1) == 1;
            if (_mood == "outage" || (_mood == "first fails" && isFirst))
            {
                context.Response.StatusCode = 503;
                context.Response.Headers["X-ProxyCluster-Cause"] = "upstream-unavailable";
                return;
            }

            await context.Response.Body.WriteAsync(_mood == "wrong" ? "no"u8.ToArray() : BodyOf(path), context.RequestAborted);
        },
        Cancel);

    private static byte[] BodyOf(string path)
    {
        foreach (var packed in Modules)
        {
            var stem = $"/{packed.Module.Path.Escaped}/@v/{packed.Module.EscapedVersion}";
            if (path == stem + ".info")
                return packed.Info;
            if (path == stem + ".mod")
                return packed.GoMod;
            if (path == stem + ".zip")
                return packed.Zip;
        }

        return System.Text.Encoding.UTF8.GetBytes(path.EndsWith("/list", StringComparison.Ordinal)
            ? string.Concat(Modules.Select(static packed => packed.Module.Version + "\n").Distinct())
            : "{\"Version\":\"v1.0.0\"}");
    }
}
