using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Cluster;

/// <summary>Three regions, two silos each, as far apart as the real ones: the world fetches once.</summary>
[Trait("Needs", "etcd")]
public sealed class OneFetchTests(OneFetchTests.Running running) : IClassFixture<OneFetchTests.Running>
{
    private const int Clients = 1000;
    private const int DifferentModules = 200;
    private static readonly string[] Endings = [".info", ".mod", ".zip"];

    private readonly ClusterSystem _system = running.System;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Uri[] Doors => [.. _system.Cluster.FrontEnds.Select(static door => door.Url)];

    [Fact]
    public async Task ColdModuleVersion_AskedForByAThousandInAllRegions_CostsOneFetchOfEachArtifact()
    {
        var module = _system.World.Modules.Count - 1;
        var tally = new Tally();

        await AskAllAsync(tally, Enumerable.Range(0, Clients).Select(i => _system.World.PathOf(module, Endings[i % 3])));

        Report($"{Clients} clients, one module version: {tally}");
        AssertAllAnswered(tally, Clients);
        Assert.All(Endings, e => Assert.Equal(1, _system.World.Upstream.Requests("/" + _system.World.PathOf(module, e))));
    }

    [Fact]
    public async Task ColdModuleVersions_TwoHundredAtOnce_CostOneFetchOfEachArtifact()
    {
        var tally = new Tally();
        // Every artifact is wanted in two regions at the same time.
        var paths = Enumerable.Range(0, DifferentModules).SelectMany(m => Endings.Select(e => _system.World.PathOf(m, e))).ToList();

        await AskAllAsync(tally, paths.Concat(paths));

        Report($"{DifferentModules} module versions at once: {tally}");
        AssertAllAnswered(tally, 2 * paths.Count);
        var others = paths.Where(path => _system.World.Upstream.Requests("/" + path) != 1).ToList();
        Assert.True(others.Count == 0, $"not fetched once: {string.Join(' ', others)}\n{_system.Logs()}");
    }

    [Fact]
    public async Task List_AskedForByManyInAllRegions_CostsOneFetch()
    {
        var path = $"{_system.World.Modules[^3].Module.Path.Escaped}/@v/list";
        var tally = new Tally();
        // The answer is held back until the question has arrived and all clients had time to ask theirs.
        _system.World.Upstream.Faults.Next("/" + path, Fault.Delay(TimeSpan.FromMilliseconds(500)));

        await AskAllAsync(tally, Enumerable.Repeat(path, 300));

        Report($"300 clients, one list: {tally}");
        AssertAllAnswered(tally, 300);
        Assert.Equal(1, _system.World.Upstream.Requests("/" + path));
    }

    private Task AskAllAsync(Tally tally, IEnumerable<string> paths)
    {
        var doors = Doors;
        return Task.WhenAll(paths.Select((path, i) =>
            tally.AskAsync(_system.Http, doors[(i + (i / 7)) % doors.Length], path, _system.World.BodyOf(path), Token)));
    }

    private static void AssertAllAnswered(Tally tally, int requests)
    {
        Assert.Equal(requests, tally.Requests);
        Assert.True(tally.Failed == 0, tally.ToString());
        Assert.Equal(0, tally.WrongBytes);
    }

    private static void Report(string text) => TestContext.Current.TestOutputHelper!.WriteLine(text);

    /// <summary>One cluster for the tests above.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal ClusterSystem System { get; private set; } = null!;

        // Nothing is at fault here, so silence must mean nothing: with a dozen processes on two cores a peer that is well can
        // stay silent on all of its connections for longer than the hedge delay of real machines, and a hedge is a fetch.
        public async ValueTask InitializeAsync() => System = await ClusterSystem.StartAsync(
            modules: 120,
            change: static s => s with
            {
                Distances = Distance.World,
                Settings = [("Peers:HedgeDelay", "20s")],
            });

        public async ValueTask DisposeAsync()
        {
            if (System is not null)
                await System.DisposeAsync();
        }
    }
}
