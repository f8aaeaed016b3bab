namespace ProxyCluster.Audit;

/// <summary>Up to which line a database has the log: retention leaves the rest, as long as there is room.</summary>
internal sealed class AuditSent
{
    private long _sequence = long.MaxValue;

    /// <summary>The last line that is there; all of them where there is no database.</summary>
    public long Sequence
    {
        get => Volatile.Read(ref _sequence);
        set => Volatile.Write(ref _sequence, value);
    }
}
