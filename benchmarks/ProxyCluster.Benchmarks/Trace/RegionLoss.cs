using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>A region that goes away with all its silos and comes back with their disks.</summary>
/// <param name="Region">Its name.</param>
/// <param name="From">Second at which it goes.</param>
/// <param name="Until">Second at which it is back.</param>
internal sealed record RegionLoss(string Region, uint From, uint Until);

/// <summary>
/// What the failover authority makes of the loss, second by second, by its own rules: one silo of each region reports for all
/// of its region, because a region goes whole.
/// </summary>
internal sealed class LossScript(RegionLoss loss, TraceCluster cluster, OwnerPlaces owners, TraceWalk walk)
{
    // So that the authority has heard of everybody before the trouble begins.
    private const uint Before = 10;

    private readonly FailoverOptions _options = new();
    private FailoverMemory _memory = FailoverMemory.None;
    private RoutingTable _table = RoutingTable.Empty;
    private uint _next = loss.From > Before ? loss.From - Before : 0;
    private bool _isOver;

    /// <summary>Changes of the routing table, as people read them.</summary>
    public List<(uint Time, string Words)> Events { get; } = [];

    /// <summary>Lets everything happen until a second, that one included.</summary>
    public void RunUntil(uint time)
    {
        for (; !_isOver && _next <= time; _next++)
            Tick(_next);
    }

    private void Tick(uint second)
    {
        // 1. Who is there.
        var isAway = second >= loss.From && second < loss.Until;
        var members = isAway ? cluster.Members.RemoveAll(member => member.Region == loss.Region) : cluster.Members;
        walk.Departed = isAway && second - loss.From < _options.CatchUpFor.TotalSeconds
            ? [.. cluster.Members.Where(member => member.Region == loss.Region)]
            : [];
        if (second == loss.From)
            owners.Lose(silo => cluster.Members[silo].Region == loss.Region);

        // 2. What the authority decides.
        var now = TimeSpan.FromSeconds(second);
        var speakers = members.DistinctBy(static member => member.Region, StringComparer.Ordinal).ToImmutableArray();
        var reports = speakers.ToImmutableDictionary(static silo => silo.Id, silo => new Heard(ReportOf(silo), now), StringComparer.Ordinal);
        var decision = FailoverRules.Next(
            new FailoverInput(_table, speakers, reports, now, DateTimeOffset.UnixEpoch + now, speakers[0].Id), _memory, _options);
        _memory = decision.Memory;

        // 3. Everybody hears of it.
        if (decision.Table != _table || members.Length != cluster.View.Members.Length)
        {
            foreach (var happened in decision.Table.Events.Where(happened => happened.Id > _table.LastEventId && happened.Region == loss.Region))
                Events.Add((second, $"{happened.Region} {RegionWords.Of(happened.To)} at {happened.Share} %: {happened.Reason}"));
            _table = decision.Table;
            cluster.Become(new ClusterView(members, _table));
        }

        _isOver = second > loss.Until && _table.FindOrNull(loss.Region) is { State: RegionState.Active, IsCatchingUp: false };
    }

    private HealthReport ReportOf(Member silo) => new()
    {
        Member = silo.Id,
        Region = silo.Region,
        Role = silo.Role,
        Epoch = _table.Epoch,
        Store = new StoreHealth(true, 1, null, long.MaxValue, long.MaxValue),
    };
}
