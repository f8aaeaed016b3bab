using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Lines;

/// <summary>
/// How each peer is, as far as this process has lived through it; nothing else remembers that.
/// <para>
/// An answer, a heartbeat and bytes of a transfer are signs of its work for us, in whatever call; answers to calls of other
/// kinds, such as reports of health, are none: who gives them may still hang where it matters. A single call says little
/// about a peer: among hundreds at once on a busy machine one waits for a connection or for its turn longer than a dead
/// peer would be waited for. Taken for silence, it would have the next candidate asked, and with it a second fetch from
/// upstream, just when everybody is busy. What is silent on all of its connections is silent.
/// </para>
/// <para>
/// A peer that did not answer a moment ago is asked after the others, so that not every request waits for the same frozen
/// process until the engine forgets it; a peer that sent wrong bytes or a false proof is not asked at all for a while.
/// </para>
/// </summary>
internal sealed partial class Pulse(IOptions<PeerOptions> options, ProxyMetrics metrics, TimeProvider clock, ILogger<Pulse> logger, AuditLog? audit = null)
{
    private const long Never = long.MinValue;

    private readonly ConcurrentDictionary<string, State> _peers = new(StringComparer.Ordinal);

    // Timestamps, each written by itself: none of them says anything about another.
    private sealed class State
    {
        public long LastSign = Never;
        public long SilentSince = Never;
        public long DistrustedSince = Never;
    }

    /// <summary>The peer gave a sign of life. Cheap enough for every chunk.</summary>
    public void Heard(string member) => Volatile.Write(ref StateOf(member).LastSign, clock.GetTimestamp());

    /// <summary>Time since its last sign of life; <see cref="TimeSpan.MaxValue"/> when there was none.</summary>
    public TimeSpan Since(string member) =>
        _peers.TryGetValue(member, out var state) && Volatile.Read(ref state.LastSign) is not Never and var last
            ? clock.GetElapsedTime(last)
            : TimeSpan.MaxValue;

    /// <summary>
    /// How long a call has been silent whose own last sign of life is known. What its peer says in other calls counts for
    /// this one too, but no longer than <paramref name="forbearance"/>: then the peer is well and it is the call that hangs.
    /// </summary>
    /// <param name="peer">Whose call; null for work of this process, which nobody else speaks for.</param>
    /// <param name="lastSign">Timestamp of its last sign of life, its start included.</param>
    /// <param name="forbearance">Silence of its own from which on the others do not count.</param>
    public TimeSpan SilenceOf(Member? peer, long lastSign, TimeSpan forbearance)
    {
        var here = clock.GetElapsedTime(lastSign);
        return peer is not null && here < forbearance && Since(peer.Id) is var anywhere && anywhere < here ? anywhere : here;
    }

    /// <summary>The steps in the order of preference: distrusted peers left out, silent ones behind the others.</summary>
    public ImmutableArray<AskStep> Prefer(ImmutableArray<AskStep> steps) =>
        steps.All(step => step.Peer is null || IsGood(step.Peer.Id))
            ? steps
            :
            [
                .. steps
                    .Where(step => step.Peer is null || !IsDistrusted(step.Peer.Id))
                    .OrderBy(step => step.Peer is null ? 2 : IsGood(step.Peer.Id) ? 0 : 1),
            ];

    /// <summary>May this peer be asked first?</summary>
    public bool IsGood(string member) => !_peers.TryGetValue(member, out var state)
        || !(IsWithin(ref state.SilentSince, options.Value.IdleTimeout) || IsWithin(ref state.DistrustedSince, options.Value.DistrustFor));

    /// <summary>The peer could not be reached or stayed silent. Said again, it does not count anew.</summary>
    public void Silent(string member)
    {
        if (IsGood(member))
            Volatile.Write(ref StateOf(member).SilentSince, clock.GetTimestamp());
    }

    /// <summary>The peer answered.</summary>
    public void Answered(string member)
    {
        Heard(member);
        Volatile.Write(ref StateOf(member).SilentSince, Never);
    }

    /// <summary>The peer sent what fails its own proof. No answer lifts that, only time does.</summary>
    public void Distrust(string member, string why)
    {
        Volatile.Write(ref StateOf(member).DistrustedSince, clock.GetTimestamp());
        metrics.SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", "peer"));
        audit?.Note(new(audit.Now, AuditWord.Integrity) { Check = "peer", Origin = member, Text = why });
        Log.Distrusted(logger, member, why, options.Value.DistrustFor);
    }

    private bool IsDistrusted(string member) =>
        _peers.TryGetValue(member, out var state) && IsWithin(ref state.DistrustedSince, options.Value.DistrustFor);

    private bool IsWithin(ref long since, TimeSpan time) =>
        Volatile.Read(ref since) is not Never and var from && clock.GetElapsedTime(from) < time;

    private State StateOf(string member) => _peers.GetOrAdd(member, static _ => new State());

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Peer {Member} sent what fails its own proof and is not asked for {Pause}: {Reason}")]
        public static partial void Distrusted(ILogger logger, string member, string reason, TimeSpan pause);
    }
}
