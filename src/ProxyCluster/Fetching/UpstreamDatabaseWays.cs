using ProxyCluster.Credentials;
using ProxyCluster.Verification;

namespace ProxyCluster.Fetching;

/// <summary>
/// The ways to checksum databases that go through the upstreams. An upstream that may see some modules only is no way: a
/// lookup names a module too.
/// </summary>
internal sealed class UpstreamDatabaseWays(UpstreamRoutes routes, Logins logins) : IDatabaseWays
{
    public IReadOnlyList<NamedPlace> Upstreams { get; } =
        [.. routes.OpenToAll.Where(static entry => entry.Kind is GoProxyEntryKind.Http).Select(entry => entry.Place(logins))];
}
