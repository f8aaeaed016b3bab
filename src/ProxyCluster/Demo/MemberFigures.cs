namespace ProxyCluster.Demo;

/// <summary>What one member did so far.</summary>
/// <param name="Requests">Clients' requests answered, forwarded ones included; neither health checks nor peers' calls.</param>
/// <param name="Hits">Of these, answered from what it had.</param>
/// <param name="Misses">Of these, answered after asking a peer or an upstream.</param>
/// <param name="PeerFills">Artifacts copied from other silos.</param>
/// <param name="UpstreamFetches">Requests sent upstream, whatever came of them.</param>
internal readonly record struct MemberFigures(long Requests, long Hits, long Misses, long PeerFills, long UpstreamFetches)
{
    /// <summary>Part of the answers that were hits, 0 to 1; null while there are none.</summary>
    public double? HitRatio => Hits + Misses == 0 ? null : (double)Hits / (Hits + Misses);

    /// <summary>Both together.</summary>
    public static MemberFigures operator +(MemberFigures a, MemberFigures b) => new(
        a.Requests + b.Requests, a.Hits + b.Hits, a.Misses + b.Misses, a.PeerFills + b.PeerFills, a.UpstreamFetches + b.UpstreamFetches);
}
