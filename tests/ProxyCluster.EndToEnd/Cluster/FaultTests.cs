using System.Globalization;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Cluster;

/// <summary>
/// Things go away while 200 clients wait for something that nobody has, and others keep asking for all sorts of things.
/// In every case: nobody who could be answered fails, nobody gets wrong bytes, no store is left with half a commit, and
/// the cluster becomes what it was: one cluster goes through all of it, each test with module versions of its own.
/// </summary>
[Trait("Needs", "etcd")]
public sealed class FaultTests : IClassFixture<FaultTests.Running>, IAsyncDisposable
{
    private const int Waiters = 200;
    private const int ModulesPerTest = 20;
    private const int Tests = 8;

    // In seconds: a silo does not wait longer than 30 for an upstream's first byte.
    private const double LongestHold = 10;
    private static readonly string[] Endings = [".info", ".mod", ".zip"];

    private readonly TaskCompletionSource _upstreamGoes = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Tally _waiters = new();
    private readonly ClusterSystem _system;

    // Twice as many module versions as modules: the first is waited for, the others are the load's.
    private readonly Range _own;

    public FaultTests(Running running)
    {
        _system = running.System;
        var first = running.Next() * 2 * ModulesPerTest;
        _own = first..(first + (2 * ModulesPerTest));
    }

    private int Wanted => _own.Start.Value;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProcessCluster Cluster => _system.Cluster;

    /// <summary>How long all of etcd is away: 5 s, or what a longer run by hand asks for.</summary>
    private static TimeSpan EngineOutage => TimeSpan.FromSeconds(Seconds("PROXYCLUSTER_TESTS_ENGINE_OUTAGE", 5));

    public async ValueTask DisposeAsync()
    {
        // Where a test failed half way, the others are to have a cluster that is whole.
        _upstreamGoes.TrySetResult();
        Cluster.HealAll();
        foreach (var process in Cluster.Processes)
        {
            if (process.ProcessId is null)
                await process.StartAsync();
            else
                process.Thaw();
        }

        await _system.ConvergeAsync();
    }

    [Fact]
    public async Task Owner_KilledWhileClientsWait_FailsNobody()
    {
        var owner = OwnersOf(Wanted)[0];
        await using var load = Load();
        var waiting = await WaitersAsync(Cluster.FrontEnds);

        await owner.KillAsync();
        await load.MoreAsync(100, Token);
        _upstreamGoes.SetResult();
        await waiting;
        await Cluster.RestartAsync(owner, Token);

        await AssertNothingWasLostAsync(load, "owner killed");
    }

    [Fact]
    public async Task Owner_FrozenWhileClientsWait_FailsNobody()
    {
        var owner = OwnersOf(Wanted)[0];
        await using var load = Load();
        var waiting = await WaitersAsync(Cluster.FrontEnds);

        owner.Freeze();
        await load.MoreAsync(50, Token);
        _upstreamGoes.SetResult();
        await waiting;
        owner.Thaw();

        await AssertNothingWasLostAsync(load, "owner frozen");
    }

    [Fact]
    public async Task HomeRegion_KilledWhileClientsWait_FailsNobodyInTheOthers()
    {
        var home = OwnersOf(Wanted)[0].Region;
        var doors = Cluster.FrontEnds.Where(door => door.Region != home).ToList();
        await using var load = Load(doors);
        var waiting = await WaitersAsync(doors);

        var killed = Cluster.InRegion(home).ToList();
        await Task.WhenAll(killed.Select(static process => process.KillAsync()));
        await load.MoreAsync(100, Token);
        _upstreamGoes.SetResult();
        await waiting;
        foreach (var process in killed)
            await Cluster.RestartAsync(process, Token);

        await AssertNothingWasLostAsync(load, "home region killed");
    }

    [Fact]
    public async Task EtcdMember_Killed_FailsNobody()
    {
        await using var load = Load();
        var waiting = await WaitersAsync(Cluster.FrontEnds);

        var member = Cluster.StoreMembers.First();
        await member.KillAsync();
        await load.MoreAsync(100, Token);
        _upstreamGoes.SetResult();
        await waiting;
        await Cluster.RestartAsync(member, Token);

        await AssertNothingWasLostAsync(load, "one etcd member killed");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AllOfEtcd_AwayForSeconds_FailsNobody(bool isKilled)
    {
        await using var load = Load();
        var waiting = await WaitersAsync(Cluster.FrontEnds);

        var members = Cluster.StoreMembers.ToList();
        if (isKilled)
            await Task.WhenAll(members.Select(static member => member.KillAsync()));
        else
            members.ForEach(static member => member.Freeze());
        var held = TimeSpan.FromSeconds(Math.Min(LongestHold, EngineOutage.TotalSeconds));
        await Task.Delay(held, Token);
        await Task.WhenAll(Cluster.Silos.Select(silo => silo.WaitAsync(
            static report => report.Contains("engine: degraded", StringComparison.Ordinal), Token)));
        await load.MoreAsync(100, Token);
        _upstreamGoes.SetResult();
        await waiting;
        await Task.Delay(EngineOutage - held, Token);
        await load.MoreAsync(100, Token);
        // One alone has no quorum and never becomes ready.
        if (isKilled)
            await Task.WhenAll(members.Select(static member => member.StartAsync()));
        else
            members.ForEach(static member => member.Thaw());
        await Task.WhenAll(members.Select(static member => member.WaitAsync(Token)));

        await AssertNothingWasLostAsync(load, $"all of etcd {(isKilled ? "killed" : "frozen")} for {EngineOutage}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TwoRegions_CutOffFromEachOther_FailNobody(bool isReset)
    {
        var home = OwnersOf(Wanted)[0].Region;
        var other = Cluster.Regions.First(region => region != home);
        await using var load = Load();
        var waiting = await WaitersAsync(Cluster.FrontEnds);

        if (isReset)
            Cluster.Lanes.Cut(home, other);
        else
            Cluster.Lanes.Hold(home, other);
        await load.MoreAsync(100, Token);
        _upstreamGoes.SetResult();
        await waiting;
        Cluster.HealAll();

        await AssertNothingWasLostAsync(load, $"{home} and {other} {(isReset ? "cut off" : "silent")}");
    }

    private IReadOnlyList<ClusterProcess> OwnersOf(int module) => _system.OwnersOf(_system.World.Modules[module].Module.ToString());

    private SteadyLoad Load(IEnumerable<ClusterProcess>? doors = null) =>
        new(_system, (doors ?? Cluster.FrontEnds).Select(static door => door.Url), (Wanted + 1).._own.End.Value);

    // The upstream holds back what they wait for until it is told to go; they wait once it was asked.
    private async Task<Task> WaitersAsync(IEnumerable<ClusterProcess> doors)
    {
        foreach (var ending in Endings)
        {
            _system.World.Upstream.Faults.Always("/" + _system.World.PathOf(Wanted, ending), new Fault("held back", async x =>
            {
                await _upstreamGoes.Task.WaitAsync(x.Stopped);
                return false;
            }));
        }

        var urls = doors.Select(static door => door.Url).ToList();
        var waiting = Task.WhenAll(Enumerable.Range(0, Waiters).Select(i =>
        {
            var path = _system.World.PathOf(Wanted, Endings[i % Endings.Length]);
            return _waiters.AskAsync(_system.Http, urls[i / Endings.Length % urls.Count], path, _system.World.BodyOf(path), Token);
        }));
        await Task.WhenAll(Endings.Select(e => _system.World.Upstream.Requested("/" + _system.World.PathOf(Wanted, e)))).WaitAsync(TimeSpan.FromMinutes(1), Token);
        return waiting;
    }

    private async Task AssertNothingWasLostAsync(SteadyLoad load, string what)
    {
        await _system.ConvergeAsync();
        await load.MoreAsync(50, Token);
        var tally = await load.StopAsync();
        var fetches = Endings.Select(e => _system.World.Upstream.Requests("/" + _system.World.PathOf(Wanted, e)));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{what}\n  waiters: {_waiters}\n  load: {tally}\n  fetches of each artifact: {string.Join(' ', fetches)}");

        Assert.Equal(Waiters, _waiters.Requests);
        Assert.True(_waiters.Failed == 0, _waiters.ToString());
        Assert.True(tally.Failed == 0, $"{tally}\n{_system.Logs()}");
        Assert.Equal(0, _waiters.WrongBytes + tally.WrongBytes);
    }

    private static double Seconds(string variable, double usual) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : usual;

    /// <summary>The cluster; its stores are verified when all tests are through.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private int _tests = -1;

        internal ClusterSystem System { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            System = await ClusterSystem.StartAsync(modules: Tests * ModulesPerTest, change: static s => s with { Distances = Distance.World });

        public async ValueTask DisposeAsync()
        {
            if (System is null)
                return;
            var wrong = await System.StopAndVerifyAsync();
            await System.DisposeAsync();
            Assert.Empty(wrong);
        }

        /// <summary>The number of a test, from 0 in the order in which they run.</summary>
        internal int Next() => ++_tests;
    }
}
