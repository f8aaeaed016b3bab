using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Lines;

/// <summary>What the door says to a caller.</summary>
internal enum Admission
{
    /// <summary>Signed with our secret, recent, and not seen before.</summary>
    Admitted,

    /// <summary>No signature, or one that does not match (401).</summary>
    Unsigned,

    /// <summary>Signed, but its time is too far from ours, or from before this process (401, with our time).</summary>
    WrongTime,

    /// <summary>A signature that was used before (403).</summary>
    Replayed,
}

/// <summary>
/// Decides who may use the internal endpoints. Nonces are remembered for twice the allowed clock difference, after which
/// the time in the signature refuses a replay by itself. They do not outlive the process, so nothing that was signed before
/// it began is admitted: a caller whose clock is behind is told our time, and signs by that.
/// </summary>
internal sealed class PeerDoor(ClusterSecret secret, IOptions<PeerOptions> options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, long> _used = new(StringComparer.Ordinal);
    private readonly long _started = clock.GetTimestamp();
    private long _nextSweep;

    /// <summary>Judges one call.</summary>
    public Admission Admit(in PeerCall call, out PeerSignature signature)
    {
        // Behind a client certificate a secret is one lock more, not the only one: the signature then says who and when.
        if ((!secret.IsSet && !call.IsCertified)
            || !PeerSignature.TryParse(call.Credentials, out signature)
            || !signature.Matches(secret.Bytes, call.Method, call.Receiver, call.Target, call.Body.Span))
        {
            signature = default;
            return Admission.Unsigned;
        }

        // The beginning as today's clock would have shown it: one that was set back since must not lock everybody out.
        var (today, age) = (clock.GetUtcNow(), clock.GetElapsedTime(_started));
        var (now, began) = (today.ToUnixTimeMilliseconds(), (today - age).ToUnixTimeMilliseconds());
        var skew = (long)options.Value.MaxClockSkew.TotalMilliseconds;
        if (Math.Abs(now - signature.UnixMilliseconds) > skew || signature.UnixMilliseconds < began)
            return Admission.WrongTime;

        Sweep(now, skew);
        return _used.TryAdd(signature.Nonce, now + (2 * skew)) ? Admission.Admitted : Admission.Replayed;
    }

    private void Sweep(long now, long skew)
    {
        var due = Volatile.Read(ref _nextSweep);
        if (now < due || Interlocked.CompareExchange(ref _nextSweep, now + skew, due) != due)
            return;

        // There may be a million, and whoever calls may stand on a thread that others wait for.
        ThreadPool.UnsafeQueueUserWorkItem(
            static sweep =>
            {
                foreach (var (nonce, until) in sweep.used)
                {
                    if (until < sweep.now)
                        sweep.used.TryRemove(nonce, out _);
                }
            },
            (used: _used, now),
            preferLocal: false);
    }
}
