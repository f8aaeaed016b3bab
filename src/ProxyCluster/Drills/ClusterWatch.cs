using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ProxyCluster.Drills;

/// <summary>A region's state from a moment on, as its neighbours see it.</summary>
internal sealed record StateChange(TimeSpan At, string Region, string State);

/// <summary>
/// Looks at every member several times a second, from outside and through its public door, as a load balancer does: what
/// a drill says about detection is what somebody else could have seen.
/// </summary>
internal sealed class ClusterWatch(ImmutableArray<DrillMember> members, HttpClient http, TimeProvider clock)
{
    /// <summary>Time between two looks at a member; no detection is told more exactly than this.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Sighting> _last = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<StateChange> _changes = new();

    // Guarded by itself: the newest table seen, so that a member that lags does not turn time back.
    private readonly Dictionary<string, string> _states = new(StringComparer.Ordinal);
    private long _epoch = -1;
    private Func<TimeSpan> _now = static () => TimeSpan.Zero;

    /// <summary>The last look at every member.</summary>
    public ImmutableArray<Sighting> Now => [.. _last.Values];

    /// <summary>Every change of a region's state since the watch began.</summary>
    public IReadOnlyCollection<StateChange> Changes => _changes;

    /// <summary>Looks until cancelled; <paramref name="now"/> says when things are seen.</summary>
    public Task RunAsync(Func<TimeSpan> now, CancellationToken stop)
    {
        _now = now;
        return Task.WhenAll(members.Select(member => RunAsync(member, stop)));
    }

    /// <summary>Waits until what is seen satisfies <paramref name="wanted"/>, and gives the moment; null when the limit came first.</summary>
    public async Task<TimeSpan?> WaitAsync(Func<ImmutableArray<Sighting>, bool> wanted, TimeSpan limit, CancellationToken cancel)
    {
        for (var end = _now() + limit; !wanted(Now);)
        {
            if (_now() > end)
                return null;
            await Task.Delay(Pause / 2, clock, cancel);
        }

        return _now();
    }

    private async Task RunAsync(DrillMember member, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var seen = await LookAsync(member, stop);
            _last[member.Name] = seen;
            if (seen.Answers)
                Note(seen);
            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Sighting> LookAsync(DrillMember member, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            using var answer = await http.GetAsync(new Uri(member.Url, "/readyz"), both.Token);
            return Sighting.Of(member.Name, member.Region, await answer.Content.ReadAsStringAsync(both.Token));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return Sighting.Silent(member.Name, member.Region);
        }
    }

    private void Note(Sighting seen)
    {
        lock (_states)
        {
            if (seen.Epoch <= _epoch)
                return;
            _epoch = seen.Epoch;
            foreach (var (region, state) in seen.Regions)
            {
                if (_states.GetValueOrDefault(region) == state)
                    continue;
                _states[region] = state;
                _changes.Enqueue(new StateChange(_now(), region, state));
            }
        }
    }
}
