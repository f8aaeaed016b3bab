namespace ProxyCluster.Fetching;

/// <summary>An answer, or why there is none: exactly one of the two.</summary>
internal readonly record struct UpstreamReply(UpstreamAnswer? Answer, UpstreamFault? Fault)
{
    /// <summary>Wraps an answer.</summary>
    public static implicit operator UpstreamReply(UpstreamAnswer answer) => new(answer, null);

    /// <summary>Wraps a fault.</summary>
    public static implicit operator UpstreamReply(UpstreamFault fault) => new(null, fault);
}
