using System.Collections.Immutable;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>The next routing table while it is being written: every change comes with its event.</summary>
internal sealed class TableDraft(RoutingTable table, DateTimeOffset time, string author, int maxEvents)
{
    private const int MaxReason = 300;

    private readonly SortedDictionary<string, RegionEntry> _regions =
        new(table.Regions.ToDictionary(static region => region.Name, StringComparer.Ordinal), StringComparer.Ordinal);

    private readonly List<RoutingEvent> _events = [];
    private ImmutableDictionary<string, ImmutableArray<string>> _order = table.FailoverOrder;

    /// <summary>The regions as they stand in the draft, ordered by name; a copy.</summary>
    public ImmutableArray<RegionEntry> Regions => [.. _regions.Values];

    /// <summary>The region as it stands in the draft, or null.</summary>
    public RegionEntry? FindOrNull(string region) => _regions.GetValueOrDefault(region);

    /// <summary>Would a region be left in service without this one?</summary>
    public bool HasOtherInService(string region) => _regions.Values.Any(other => other.Name != region && other.IsUsable);

    /// <summary>Moves a region to a state, with a reason; a new region begins in it.</summary>
    public void Move(
        string region, RegionState to, int share, string reason, string? who = null, Func<RegionEntry, RegionEntry>? more = null, ImmutableArray<string>? modules = null)
    {
        var before = FindOrNull(region);
        var kind = before is null ? RoutingEventKind.Appeared
            : before.State == to && before.Share != share ? RoutingEventKind.Share
            : RoutingEventKind.State;
        var since = before is { } was && was.State == to ? was.Since : time;
        reason = Cut(reason);
        var next = (before ?? new RegionEntry(region, to, time, reason)) with
        {
            State = to,
            Share = share,
            Since = since,
            Reason = reason,
            IsCatchingUp = before is { IsCatchingUp: true } || to is RegionState.Failed or RegionState.Drained,
        };
        Put(more is null ? next : more(next), before, kind, reason, who, modules);
    }

    /// <summary>Changes what stands beside a region's state.</summary>
    public void Note(RegionEntry next, RoutingEventKind kind, string reason, string? who = null, ImmutableArray<string>? modules = null) =>
        Put(next, FindOrNull(next.Name), kind, Cut(reason), who, modules);

    /// <summary>Takes a region off the table, and out of the others' orders.</summary>
    public void Remove(string region, string reason, string who)
    {
        if (FindOrNull(region) is not { } entry)
            return;
        Put(entry, entry, RoutingEventKind.Forgotten, Cut(reason), who);
        _regions.Remove(region);
        _order = _order.Remove(region).ToImmutableDictionary(
            static order => order.Key, order => order.Value.Remove(region), StringComparer.Ordinal);
    }

    /// <summary>Changes where a region's traffic moves.</summary>
    public void Reorder(string region, ImmutableArray<string> order, string reason)
    {
        _order = _order.SetItem(region, order);
        if (FindOrNull(region) is { } entry)
            Put(entry, entry, RoutingEventKind.Order, Cut(reason), null);
    }

    /// <summary>The table: the same object when nothing was changed, otherwise the next epoch.</summary>
    public RoutingTable Build()
    {
        if (_events.Count == 0)
            return table;
        var events = table.Events.AddRange(_events);
        return table with
        {
            Epoch = table.Epoch + 1,
            Regions = Regions,
            FailoverOrder = _order,
            Authority = author,
            Time = time,
            Events = events.Length > maxEvents ? events[^maxEvents..] : events,
        };
    }

    private void Put(
        RegionEntry next, RegionEntry? before, RoutingEventKind kind, string reason, string? who, ImmutableArray<string>? modules = null)
    {
        _regions[next.Name] = next;
        _events.Add(new RoutingEvent(
            table.LastEventId + _events.Count + 1,
            table.Epoch + 1,
            time,
            kind,
            next.Name,
            before?.State ?? next.State,
            next.State,
            next.Share,
            reason,
            who ?? author)
        {
            Modules = modules is [_, ..] ? modules : null,
        });
    }

    private static string Cut(string reason) => reason.Length <= MaxReason ? reason : reason[..(MaxReason - 1)] + "…";
}
