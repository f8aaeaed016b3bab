using System.Collections.Concurrent;

namespace ProxyCluster.Drills.Relays;

/// <summary>
/// The lanes between regions, two for every pair. What a region sends itself uses a lane too, which nobody slows or cuts
/// unless asked to.
/// </summary>
internal sealed class RegionLanes(TimeProvider clock)
{
    private readonly ConcurrentDictionary<(string From, string To), Lane> _lanes = new();

    /// <summary>The lane from one region to another.</summary>
    public Lane Find(string from, string to) => _lanes.GetOrAdd((from, to), static (_, clock) => new Lane(clock), clock);

    /// <summary>Sets the time that an answer takes between two regions: half of it each way.</summary>
    public void SetRoundTrip(string a, string b, TimeSpan roundTrip)
    {
        foreach (var lane in Both(a, b))
            lane.Delay = roundTrip / 2;
    }

    /// <summary>Limits what fits through between two regions, each way; null for no limit.</summary>
    public void Throttle(string a, string b, long? bytesPerSecond)
    {
        foreach (var lane in Both(a, b))
            lane.BytesPerSecond = bytesPerSecond;
    }

    /// <summary>Resets every connection between two regions and refuses new ones.</summary>
    public void Cut(string a, string b) => Switch(a, b, LaneState.Cut);

    /// <summary>Lets nothing through between two regions; connections stay open.</summary>
    public void Hold(string a, string b) => Switch(a, b, LaneState.Held);

    /// <summary>Undoes <see cref="Cut"/> and <see cref="Hold"/>; delay and limit stay.</summary>
    public void Heal(string a, string b) => Switch(a, b, LaneState.Open);

    private void Switch(string a, string b, LaneState state)
    {
        foreach (var lane in Both(a, b))
            lane.State = state;
    }

    private Lane[] Both(string a, string b) => [Find(a, b), Find(b, a)];
}
