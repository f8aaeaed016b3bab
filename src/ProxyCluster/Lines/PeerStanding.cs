using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Lines;

/// <summary>
/// What this process has lived through with each peer. A peer that did not answer a moment ago is asked after the
/// others, so that not every request waits for the same frozen process until the engine forgets it; a peer that sent
/// wrong bytes or a false proof is not asked at all for a while.
/// </summary>
internal sealed partial class PeerStanding(
    IOptions<PeerOptions> options, ProxyMetrics metrics, TimeProvider clock, ILogger<PeerStanding> logger)
{
    private readonly ConcurrentDictionary<string, Bad> _bad = new(StringComparer.Ordinal);

    private readonly record struct Bad(bool Distrusted, long Since, TimeSpan For);

    /// <summary>The steps in the order of preference: distrusted peers left out, silent ones behind the others.</summary>
    public ImmutableArray<AskStep> Prefer(ImmutableArray<AskStep> steps)
    {
        if (_bad.IsEmpty)
            return steps;

        return
        [
            .. steps
                .Where(step => step.Peer is null || StandingOf(step.Peer.Id) is not { Distrusted: true })
                .OrderBy(step => step.Peer is null ? 2 : StandingOf(step.Peer.Id) is null ? 0 : 1),
        ];
    }

    /// <summary>May this peer be asked first?</summary>
    public bool IsGood(string member) => _bad.IsEmpty || StandingOf(member) is null;

    /// <summary>The peer could not be reached or stayed silent.</summary>
    public void Silent(string member)
    {
        if (StandingOf(member) is null)
            _bad[member] = new Bad(false, clock.GetTimestamp(), options.Value.IdleTimeout);
    }

    /// <summary>The peer answered.</summary>
    public void Answered(string member)
    {
        if (!_bad.IsEmpty && _bad.TryGetValue(member, out var bad) && !bad.Distrusted)
            _bad.TryRemove(member, out _);
    }

    /// <summary>The peer sent what fails its own proof.</summary>
    public void Distrust(string member, string why)
    {
        _bad[member] = new Bad(true, clock.GetTimestamp(), options.Value.DistrustFor);
        metrics.SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", "peer"));
        Log.Distrusted(logger, member, why, options.Value.DistrustFor);
    }

    private Bad? StandingOf(string member)
    {
        if (!_bad.TryGetValue(member, out var bad))
            return null;

        if (clock.GetElapsedTime(bad.Since) < bad.For)
            return bad;

        _bad.TryRemove(new KeyValuePair<string, Bad>(member, bad));
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Peer {Member} sent what fails its own proof and is not asked for {Pause}: {Reason}")]
        public static partial void Distrusted(ILogger logger, string member, string reason, TimeSpan pause);
    }
}
