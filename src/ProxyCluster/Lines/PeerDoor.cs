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

    /// <summary>Signed, but its time is too far from ours (401, with our time).</summary>
    WrongTime,

    /// <summary>A signature that was used before (403).</summary>
    Replayed,
}

/// <summary>
/// Decides who may use the internal endpoints. Nonces are remembered for twice the allowed clock difference, after which
/// the time in the signature refuses a replay by itself.
/// </summary>
internal sealed class PeerDoor(ClusterSecret secret, IOptions<PeerOptions> options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, long> _used = new(StringComparer.Ordinal);
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

        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var skew = (long)options.Value.MaxClockSkew.TotalMilliseconds;
        if (Math.Abs(now - signature.UnixMilliseconds) > skew)
            return Admission.WrongTime;

        Sweep(now, skew);
        return _used.TryAdd(signature.Nonce, now + (2 * skew)) ? Admission.Admitted : Admission.Replayed;
    }

    private void Sweep(long now, long skew)
    {
        var due = Volatile.Read(ref _nextSweep);
        if (now < due || Interlocked.CompareExchange(ref _nextSweep, now + skew, due) != due)
            return;

        foreach (var (nonce, until) in _used)
        {
            if (until < now)
                _used.TryRemove(nonce, out _);
        }
    }
}
