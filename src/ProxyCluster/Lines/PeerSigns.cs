using System.Collections.Concurrent;

namespace ProxyCluster.Lines;

/// <summary>
/// When each peer last gave a sign of its work for us, in whatever call: an answer, a heartbeat, bytes of a transfer. Calls
/// of other kinds, such as reports of health, do not count: who answers them may still hang where it matters.
/// <para>
/// A single call says little about a peer: among hundreds at once on a busy machine one waits for a connection or for its
/// turn longer than a dead peer would be waited for. Taken for silence, it would have the next candidate asked, and with it
/// a second fetch from upstream, just when everybody is busy. What is silent on all of its connections is silent.
/// </para>
/// </summary>
internal sealed class PeerSigns(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, long> _last = new(StringComparer.Ordinal);

    /// <summary>The peer gave a sign of life. Cheap enough for every chunk.</summary>
    public void Heard(string member) => _last[member] = clock.GetTimestamp();

    /// <summary>Time since its last one; <see cref="TimeSpan.MaxValue"/> when there was none.</summary>
    public TimeSpan Since(string member) => _last.TryGetValue(member, out var last) ? clock.GetElapsedTime(last) : TimeSpan.MaxValue;
}
