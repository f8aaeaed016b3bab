using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// When a grain leaves its silo for another, which it does between two calls, without anybody waiting.
/// <para>
/// At once where its region is out of service: that is no place to stay, and given up, it would be taken again by the next
/// caller that remembers it. Gently where a silo that wins its key has joined the region: only when that one has stood for
/// <see cref="OrleansOptions.MoveAfter"/>, so that one that restarts in circles gets nothing, and not more than
/// <see cref="OrleansOptions.MovesPerSecond"/> of this silo's grains, because what they own is copied when it is asked for
/// next. Across regions nothing moves back: a grain moves for what is lost, not for what has returned.
/// </para>
/// </summary>
internal sealed class GrainMoves
{
    private readonly OrleansOptions _options;
    private readonly TimeProvider _clock;

    // Guards all below.
    private readonly Lock _lock = new();
    private ImmutableDictionary<string, long> _since = ImmutableDictionary<string, long>.Empty;
    private long _second;
    private int _movedInIt;

    public GrainMoves(IEngine engine, IOptions<OrleansOptions> options, TimeProvider clock)
        : this(engine.View, options, clock)
    {
        engine.ViewChanged += Look; // they end together
    }

    /// <summary>Without an engine: views come by <see cref="Look"/>.</summary>
    internal GrainMoves(ClusterView view, IOptions<OrleansOptions> options, TimeProvider clock)
    {
        _options = options.Value;
        _clock = clock;
        Look(view);
    }

    /// <summary>Whether the grain of a key should leave this silo now.</summary>
    /// <param name="key">What the grain is placed by.</param>
    /// <param name="self">This silo.</param>
    /// <param name="view">The present view.</param>
    /// <param name="isWorking">Whether it has work under way, which it only leaves behind in a region that is out of service.</param>
    public bool IsDue(string key, Member self, ClusterView view, bool isWorking)
    {
        if (!view.Routing.IsUsable(self.Region))
            return OwnerOrder.OtherRegions(key, self.Region, view).Any();
        if (isWorking
            || RegionalOwner.For(key, self.Region, view) is not [var winner, ..]
            || winner.Id == self.Id
            || !OwnerOrder.IsWithinShare(key, self.Region, view.Routing))
            return false;
        lock (_lock)
            return _since.TryGetValue(winner.Id, out var since) && _clock.GetElapsedTime(since) >= _options.MoveAfter && IsWithinRate_NeedsLock();
    }

    /// <summary>Takes a view in.</summary>
    internal void Look(ClusterView view)
    {
        lock (_lock)
            _since = view.Members.ToImmutableDictionary(static member => member.Id, member => _since.GetValueOrDefault(member.Id, _clock.GetTimestamp()), StringComparer.Ordinal);
    }

    private bool IsWithinRate_NeedsLock()
    {
        if (_movedInIt > 0 && _clock.GetElapsedTime(_second) >= TimeSpan.FromSeconds(1))
            _movedInIt = 0;
        if (_movedInIt == 0)
            _second = _clock.GetTimestamp();
        if (_movedInIt >= _options.MovesPerSecond)
            return false;
        _movedInIt++;
        return true;
    }
}
