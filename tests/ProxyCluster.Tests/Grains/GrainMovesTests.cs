using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Grains;
using ProxyCluster.Routing;
using ProxyCluster.Silos;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Grains;

public sealed class GrainMovesTests
{
    private static readonly Member Self = MemberOf("self", "tokyo");
    private static readonly Member Other = MemberOf("other", "tokyo");
    private static readonly ImmutableArray<string> Keys = [.. Enumerable.Range(0, 400).Select(static n => $"example.com/m{n}@v1.0.0")];
    private static readonly ImmutableArray<string> Others = [.. Keys.Where(key => RegionalOwner.For(key, "tokyo", View(Self, Other))[0] == Other)];
    private static readonly ImmutableArray<string> Own = [.. Keys.Except(Others)];

    private readonly ManualTimeProvider _clock = new();
    private readonly OrleansOptions _options = new() { MoveAfter = TimeSpan.FromSeconds(30), MovesPerSecond = 3 };

    [Fact]
    public void Grain_ThatASettledSiloWins_IsDue()
    {
        var moves = Moves(View(Self));
        moves.See(View(Self, Other));
        Assert.False(moves.IsDue(Others[0]));

        _clock.Advance(_options.MoveAfter - TimeSpan.FromMilliseconds(1));
        Assert.False(moves.IsDue(Others[0]));
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(moves.IsDue(Others[0]));
        Assert.False(moves.IsDue(Own[0]));
    }

    [Fact]
    public void Grain_WhileItWorks_Stays() => Assert.False(Settled(View(Self, Other)).IsDue(Others[0], isWorking: true));

    [Fact]
    public void Grain_OfAnotherRegionsWinner_Stays() => Assert.False(Settled(View(Self, MemberOf("other", "frankfurt"))).IsDue(Others[0]));

    [Fact]
    public void Grain_AFrontEndWins_Stays() => Assert.False(Settled(View(Self, Other with { Role = Role.FrontEnd })).IsDue(Others[0]));

    [Fact]
    public void Silo_ThatIsBackUnderAnotherId_HasToStandAgain()
    {
        var moves = Settled(View(Self, Other));
        moves.See(View(Self, Other with { Id = "again" }));

        Assert.False(moves.IsDue(Others[0]));
        _clock.Advance(_options.MoveAfter);
        Assert.True(moves.IsDue(Others[0]));
    }

    [Fact]
    public void Moves_InOneSecond_AreBounded()
    {
        var moves = Settled(View(Self, Other));

        Assert.Equal(3, Others.Count(key => moves.IsDue(key)));
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, Others.Count(key => moves.IsDue(key)));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, Others.Count(key => moves.IsDue(key)));
    }

    [Fact]
    public void Grain_OutsideOfTheShareOfItsRegion_Stays()
    {
        var moves = Settled(View(Self, Other) with { Routing = Table(RegionState.Recovering, 0) });
        Assert.All(Others, key => Assert.False(moves.IsDue(key)));
    }

    // No bound and no waiting: everything is better than a region that is out of service.
    [Fact]
    public void Grain_InARegionOutOfService_IsDueAtOnce()
    {
        var moves = Moves(View(Self, MemberOf("other", "frankfurt")) with { Routing = Table(RegionState.Drained, 100) });
        Assert.All(Keys, key => Assert.True(moves.IsDue(key, isWorking: true)));
    }

    [Fact]
    public void Grain_WithNowhereElseToGo_Stays()
    {
        var moves = Moves(View(Self, Other) with { Routing = Table(RegionState.Drained, 100) });
        Assert.All(Keys, key => Assert.False(moves.IsDue(key)));
    }

    private ScriptedMoves Settled(ClusterView view)
    {
        var moves = Moves(view);
        _clock.Advance(_options.MoveAfter);
        return moves;
    }

    private ScriptedMoves Moves(ClusterView view) => new(view, _options, _clock);

    private static ClusterView View(params Member[] members) => new([.. members], RoutingTable.Empty);

    private static RoutingTable Table(RegionState state, int share) => RoutingTable.Empty with
    {
        Epoch = 1,
        Regions = [new RegionEntry("tokyo", state, DateTimeOffset.UnixEpoch, "a test", share)],
    };

    private static Member MemberOf(string id, string region) => new(id, region, new Uri($"http://{id}:8080"), Role.All, "1");

    /// <summary>With views as a test wants them.</summary>
    private sealed class ScriptedMoves(ClusterView view, OrleansOptions options, TimeProvider clock)
    {
        private readonly GrainMoves _moves = new(view, Options.Create(options), clock);
        private ClusterView _view = view;

        public void See(ClusterView next) => _moves.Look(_view = next);

        public bool IsDue(string key, bool isWorking = false) => _moves.IsDue(key, Self, _view, isWorking);
    }
}
