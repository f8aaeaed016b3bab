using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>
/// A rehearsal: a real cluster under a steady load, some trouble, and an account of what it cost.
/// <para>
/// <b>Honest by construction.</b> Members are processes of their own, started as they would be anywhere; lines between
/// regions take the time that they take between continents; clients ask at fixed moments, whatever the answers do; every
/// artifact is held against the hash that it had before it went in; and what the cluster notices is read off its public
/// doors. In the end every artifact that a client ever got must still be in some silo.
/// </para>
/// <para>
/// <b>Clients.</b> In each region half of them list one front end and half of them two, their own region's first. Those
/// that list only a front end which the scenario takes away are left out, because no cluster can help them.
/// </para>
/// Not rehearsed: the network between clients and front ends, and anything that needs a second machine.
/// </summary>
internal sealed class Drill(DrillSettings settings, TimeProvider clock, Action<string> progress)
{
    private static readonly TimeSpan DetectLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(20);

    // A miss asks for one artifact, and a module version has three of them.
    private const double MissesPerRequest = 0.10;
    private const int ArtifactsPerModule = 3;
    private const int WarmModules = 96;

    /// <summary>Holds the drill.</summary>
    /// <exception cref="DrillException">It could not be held; says why.</exception>
    /// <exception cref="ProcessClusterException">The cluster could not be started; says why.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        var time = clock.GetUtcNow();
        progress("packing modules");
        var modules = Modules();
        var catalog = DrillCatalog.Of(modules, WarmModules, settings.Seed);
        await using var world = await DrillWorld.StartAsync(modules, settings.UpstreamDelay, clock, cancel);
        var token = WriteToken();
        await using var cluster = await ProcessCluster.StartAsync(ClusterOf(world), clock, progress, cancel);
        using var http = Http();
        var stage = new DrillStage(cluster, world, settings.Region, new DrillOperator(cluster, token, http), progress);
        try
        {
            var found = await RunAsync(stage, catalog, modules, http, cancel);
            return DrillJudge.Judge(settings, found, modules.Count, time);
        }
        finally
        {
            // A mounted file system outlives everybody who forgets it.
            foreach (var silo in cluster.Silos)
                await FullDisk.TakeAwayAsync(FullDisk.IntakeOf(silo), CancellationToken.None);
        }
    }

    private async Task<DrillFindings> RunAsync(
        DrillStage stage, DrillCatalog catalog, IReadOnlyList<PackedModule> modules, HttpClient http, CancellationToken cancel)
    {
        var watch = new ClusterWatch(stage.Cluster, http, clock);
        using var load = new LoadGenerator(catalog, [.. ClientsOf(stage.Cluster, http)], settings.Rate, IsUpstreamAway, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);

        // Also while breakers still keep requests from an upstream that is back: the time to recover tells of it.
        bool IsUpstreamAway() => stage.World.IsUpstreamAway || watch.Now.Any(static seen => seen.IsUpstreamAway);

        // 1. What shall be hits.
        progress($"fetching {catalog.Warm.Length} artifacts and {catalog.Queries.Length} queries through every region");
        if (await load.WarmAsync(cancel) is [var first, ..] failures)
            throw new DrillException($"{failures.Count} artifacts could not be fetched before the drill began: {first}");

        // 2. Load, and a first look at everybody.
        progress(string.Create(CultureInfo.InvariantCulture, $"{settings.Rate} requests per second"));
        var loading = load.RunAsync(end.Token);
        var watching = watch.RunAsync(() => load.Now, end.Token);
        var going = GoAsync(stage, modules, end.Token);
        try
        {
            if (await watch.WaitAsync(stage.IsWhole, Settle, cancel) is null)
                throw new DrillException("the cluster is not well before the drill: " + Describe(watch.Now));
            var before = load.Now + (settings.Duration * 0.2);
            await UntilAsync(before, load, cancel);

            // 3. Trouble.
            progress($"now: {settings.Scenario.Summary}");
            var inject = load.Now;
            var injecting = settings.Scenario.InjectAsync(stage, cancel);
            var detected = await SeeAsync(settings.Scenario.IsDetected, stage, watch, DetectLimit, cancel);
            Say("noticed", detected - inject);
            var rerouted = await SeeAsync(settings.Scenario.IsRerouted, stage, watch, DetectLimit, cancel);
            Say("everybody acts on it", rerouted - inject);
            await injecting;
            await UntilAsync(inject + (settings.Duration * 0.4), load, cancel);

            // 4. No trouble any more.
            progress("the trouble ends");
            var heal = load.Now;
            await settings.Scenario.HealAsync(stage, cancel);
            var recovered = await watch.WaitAsync(stage.IsWhole, settings.RecoverLimit, cancel);
            Say("everything is as before", recovered - heal);
            if (recovered is null)
                progress("not as before: " + Describe(watch.Now));
            await UntilAsync(before + (settings.Duration * 0.8), load, cancel);

            // 5. The end, and what is left.
            var ended = load.Now;
            await end.CancelAsync();
            await loading;
            progress("looking for every artifact that a client got");
            return new DrillFindings(
                [.. load.Answers],
                [.. watch.Changes],
                inject,
                detected,
                rerouted,
                heal,
                recovered,
                ended,
                await LostAsync(stage.Cluster, load.Acknowledged, http, cancel),
                [.. stage.World.ArtifactsSent],
                await going);
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(loading, watching, going).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IReadOnlyList<PackedModule> Modules()
    {
        var misses = settings.Rate * MissesPerRequest * (settings.Duration + settings.RecoverLimit + Settle).TotalSeconds;
        var made = DrillModules.Make(WarmModules + (int)(misses / ArtifactsPerModule), settings.Seed);
        try
        {
            return settings.Corpus is { } corpus ? [.. DrillModules.Read(corpus), .. made] : [.. made];
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new DrillException($"the modules in {settings.Corpus} cannot be used: {e.Message}", e);
        }
    }

    private ProcessClusterSettings ClusterOf(DrillWorld world) => new(settings.Directory)
    {
        SilosPerRegion = settings.SilosPerRegion,
        Distances = settings.Distances,
        Upstream = world.Upstream,
        SumDb = world.SumDb,
        Program = settings.Program,
        Settings = [("Admin:TokenFile", TokenFile), .. settings.Settings],
    };

    private string TokenFile => Path.Combine(Path.GetFullPath(settings.Directory), "tokens");

    private string WriteToken()
    {
        var token = RandomNumberGenerator.GetHexString(32, lowercase: true);
        Directory.CreateDirectory(settings.Directory);
        File.WriteAllText(TokenFile, $"operator drill {token}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(TokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return token;
    }

    private IEnumerable<DrillClient> ClientsOf(ProcessCluster cluster, HttpClient http)
    {
        var doors = cluster.FrontEnds.ToList();
        foreach (var (index, door) in doors.Index())
        {
            if (!IsClosed(door.Region))
                yield return new DrillClient(door.Region, [door.Url], http, Patience * 2, clock);
            yield return new DrillClient(door.Region, [door.Url, doors[(index + 1) % doors.Count].Url], http, Patience, clock);
        }
    }

    private bool IsClosed(string region) => settings.Scenario.Closes switch
    {
        ClosedDoors.All => true,
        ClosedDoors.OfTheRegion => region == settings.Region,
        _ => false,
    };

    private Task<GoRuns> GoAsync(DrillStage stage, IReadOnlyList<PackedModule> modules, CancellationToken stop)
    {
        if (settings.Go is not { } go)
            return Task.FromResult(GoRuns.None);
        var open = stage.Cluster.FrontEnds.Where(door => !IsClosed(door.Region)).Select(static door => Base(door));
        var all = stage.Cluster.FrontEnds.Select(static door => Base(door)).ToList();
        // A go command waits for ever for a frozen front end; it can list one second, where it is not asked.
        var pairs = all.Select((door, i) => settings.Scenario.Name == "region-freeze" ? null : $"{door}|{all[(i + 1) % all.Count]}");
        return new GoLoop(go, [.. open, .. pairs.OfType<string>()], [.. modules.Take(WarmModules)], stage.World.SumDbKey, settings.Directory).RunAsync(stop);

        static string Base(ClusterProcess door) => door.Url.OriginalString;
    }

    private static async Task<ImmutableArray<string>> LostAsync(
        ProcessCluster cluster, IEnumerable<DrillObject> acknowledged, HttpClient http, CancellationToken cancel)
    {
        var silos = cluster.Silos.ToList();
        var lost = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            acknowledged,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancel },
            async (got, stop) =>
            {
                foreach (var silo in silos)
                {
                    using var look = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Url, "/cached-only/" + got.Path));
                    try
                    {
                        using var answer = await http.SendAsync(look, stop);
                        if (answer.IsSuccessStatusCode && got.IsRight(await answer.Content.ReadAsByteArrayAsync(stop)))
                            return;
                    }
                    catch (HttpRequestException)
                    {
                        // A silo that is down has nothing to show; the others may.
                    }
                }

                lost.Enqueue(got.Path);
            });
        return [.. lost];
    }

    private static async Task<TimeSpan?> SeeAsync(
        Func<DrillStage, ImmutableArray<Sighting>, bool>? wanted, DrillStage stage, ClusterWatch watch, TimeSpan limit, CancellationToken cancel) =>
        wanted is null ? null : await watch.WaitAsync(seen => wanted(stage, seen), limit, cancel);

    private Task UntilAsync(TimeSpan moment, LoadGenerator load, CancellationToken cancel) =>
        moment - load.Now is var wait && wait > TimeSpan.Zero ? Task.Delay(wait, clock, cancel) : Task.CompletedTask;

    private void Say(string what, TimeSpan? after)
    {
        if (after is { } time)
            progress(string.Create(CultureInfo.InvariantCulture, $"{what} after {time.TotalMilliseconds:0} ms"));
    }

    private static string Describe(ImmutableArray<Sighting> seen) => string.Join("; ", seen
        .OrderBy(static sighting => sighting.Member, StringComparer.Ordinal)
        .Select(static s => !s.Answers
            ? $"{s.Member} is silent"
            : $"{s.Member} {(s.IsReady ? "ready" : "not ready")}, epoch {s.Epoch}, "
                + string.Join(' ', s.Regions.Select(static region => $"{region.Key}={region.Value}"))
                + (s.IsEngineDegraded ? ", engine degraded" : "") + (s.IsStoreOk ? "" : ", store ill") + (s.IsUpstreamAway ? ", upstream away" : "")));

    private static HttpClient Http() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        AllowAutoRedirect = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
