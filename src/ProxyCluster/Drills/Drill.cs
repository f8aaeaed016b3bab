using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;
using ProxyCluster.Sockets;

namespace ProxyCluster.Drills;

/// <summary>
/// A rehearsal: a real cluster under a steady load, some trouble, and an account of what it cost. The cluster is one of its
/// own (<see cref="OwnGround"/>) or one that runs already (<see cref="RunningGround"/>).
/// <para>
/// <b>Honest by construction.</b> Clients ask at fixed moments, whatever the answers do; every
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
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookFor = TimeSpan.FromSeconds(45);

    /// <summary>Holds the drill.</summary>
    /// <exception cref="DrillException">It could not be held; says why.</exception>
    /// <exception cref="ProcessClusterException">The cluster could not be started; says why.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        var time = clock.GetUtcNow();
        using var http = Http();
        await using IDrillGround ground = settings.Running is { } running
            ? RunningGround.Open(settings, running, http, clock, progress)
            : await OwnGround.StartAsync(settings, settings.Duration + settings.RecoverLimit + Settle, http, clock, progress, cancel);
        var found = await RunAsync(ground, http, cancel);
        return DrillJudge.Judge(settings, found, ground.ModuleVersions, time);
    }

    private async Task<DrillFindings> RunAsync(
        IDrillGround ground, HttpClient http, CancellationToken cancel)
    {
        var (stage, catalog) = (ground.Stage, ground.Catalog);
        var watch = new ClusterWatch(stage.Members, http, clock);
        using var load = new LoadGenerator(catalog, [.. ClientsOf(ground, http)], settings.Rate, IsUpstreamAway, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);

        // Also while breakers still keep requests from an upstream that is back: the time to recover tells of it.
        bool IsUpstreamAway() => ground.IsUpstreamAway || watch.Now.Any(static seen => seen.IsUpstreamAway);

        // 1. What shall be hits.
        progress($"fetching {catalog.Warm.Length} artifacts and {catalog.Queries.Length} queries through every region");
        if (await load.WarmAsync(cancel) is [var first, ..] failures)
            throw new DrillException($"{failures.Count} artifacts could not be fetched before the drill began: {first}");

        // 2. Load, and a first look at everybody.
        progress(string.Create(CultureInfo.InvariantCulture, $"{settings.Rate} requests per second"));
        var loading = load.RunAsync(end.Token);
        var watching = watch.RunAsync(() => load.Now, end.Token);
        var going = ground.GoAsync(end.Token);
        var isTroubled = false;
        try
        {
            if (await watch.WaitAsync(stage.IsWhole, Settle, cancel) is null)
                throw new DrillException("the cluster is not well before the drill: " + Describe(watch.Now));
            var before = load.Now + (settings.Duration * 0.2);
            await UntilAsync(before, load, cancel);

            // 3. Trouble.
            progress($"now: {ground.Scenario.Summary}");
            var inject = load.Now;
            isTroubled = true;
            var injecting = ground.Scenario.InjectAsync(stage, cancel);
            var detected = await SeeAsync(ground.Scenario.IsDetected, stage, watch, DetectLimit, cancel);
            Say("noticed", detected - inject);
            var rerouted = await SeeAsync(ground.Scenario.IsRerouted, stage, watch, DetectLimit, cancel);
            Say("everybody acts on it", rerouted - inject);
            await injecting;
            await UntilAsync(inject + (settings.Duration * 0.4), load, cancel);

            // 4. No trouble any more.
            progress("the trouble ends");
            var heal = load.Now;
            await ground.Scenario.HealAsync(stage, cancel);
            isTroubled = false;
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
                await LostAsync(stage.Members, load.Acknowledged, http, cancel),
                ground.ArtifactsSent,
                await going)
            {
                Store = ground.Store,
            };
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(loading, watching, going).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isTroubled && settings.Running is not null)
                await LeaveWellAsync(ground);
        }
    }

    private IEnumerable<DrillClient> ClientsOf(IDrillGround ground, HttpClient http)
    {
        var doors = ground.Stage.Members.Where(static member => member.IsFrontEnd).ToList();
        foreach (var (index, door) in doors.Index())
        {
            if (!ground.Scenario.IsClosed(door.Region, ground.Stage.Region))
                yield return new DrillClient(door.Region, [door.Url], http, Patience * 2, clock);
            if (doors.Count > 1)
                yield return new DrillClient(door.Region, [door.Url, doors[(index + 1) % doors.Count].Url], http, Patience, clock);
        }
    }

    // A cluster of our own ends with the drill. One that people work on must not stay as the drill left it.
    private async Task LeaveWellAsync(IDrillGround ground)
    {
        progress("the drill was cut short; ending the trouble");
        try
        {
            await ground.Scenario.HealAsync(ground.Stage, CancellationToken.None).WaitAsync(Settle, clock);
        }
        catch (Exception e) when (e is DrillException or TimeoutException)
        {
            progress($"THE TROUBLE COULD NOT BE ENDED, do it by hand: {e.Message}");
        }
    }

    private async Task<ImmutableArray<string>> LostAsync(
        ImmutableArray<DrillMember> members, IEnumerable<DrillObject> acknowledged, HttpClient http, CancellationToken cancel)
    {
        // A front end asks its silos; where no silo can be reached, its word must do.
        var silos = members.Any(static member => !member.IsFrontEnd) ? members.RemoveAll(static member => member.IsFrontEnd) : members;
        var began = clock.GetTimestamp();
        var (missing, haveAllAnswered) = await MissingAsync(silos, acknowledged, http, cancel);

        // A silo that is busy turns away, for a while, who asks it for much that it does not have.
        while (!missing.IsEmpty && !haveAllAnswered && clock.GetElapsedTime(began) < LookFor)
        {
            await Task.Delay(LookAgainAfter, clock, cancel);
            (missing, haveAllAnswered) = await MissingAsync(silos, missing, http, cancel);
        }

        return [.. missing.Select(static got => got.Path)];
    }

    private async Task<(ImmutableArray<DrillObject> Missing, bool HaveAllAnswered)> MissingAsync(
        ImmutableArray<DrillMember> silos, IEnumerable<DrillObject> wanted, HttpClient http, CancellationToken cancel)
    {
        var missing = new ConcurrentQueue<DrillObject>();
        var haveAllAnswered = true;
        await Parallel.ForEachAsync(
            wanted.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancel },
            async (next, stop) =>
            {
                // Not all of them the same silo first.
                for (var i = 0; i < silos.Length; i++)
                {
                    using var look = new HttpRequestMessage(HttpMethod.Get, new Uri(silos[(next.Index + i) % silos.Length].Url, "/cached-only/" + next.Item.Path));
                    using var late = new CancellationTokenSource(Patience, clock);
                    using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
                    try
                    {
                        using var answer = await http.SendAsync(look, both.Token);
                        if (answer.IsSuccessStatusCode && next.Item.IsRight(await answer.Content.ReadAsByteArrayAsync(both.Token)))
                            return;
                        if (answer.StatusCode != HttpStatusCode.NotFound)
                            haveAllAnswered = false;
                    }
                    catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !stop.IsCancellationRequested)
                    {
                        // A silo that is down, silent, or has enough of us shows nothing now; the others may.
                        haveAllAnswered = false;
                    }
                }

                missing.Enqueue(next.Item);
            });
        return ([.. missing], haveAllAnswered);
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
        ConnectCallback = OutgoingConnection.ConnectAsync,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        AllowAutoRedirect = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
