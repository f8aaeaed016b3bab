using ProxyCluster.Credentials;

namespace ProxyCluster.Verification;

/// <summary>
/// What the upstreams can do for the checksum databases: serve them too. A border of this room, because the room of the
/// upstreams stands before it.
/// </summary>
internal interface IDatabaseWays
{
    /// <summary>The upstreams that may serve databases below <c>/sumdb/</c>, in the order in which they are asked whether they do.</summary>
    IReadOnlyList<NamedPlace> Upstreams { get; }
}
