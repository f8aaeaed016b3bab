using System.Net.Http.Headers;
using ProxyCluster.Verification;

namespace ProxyCluster.Fetching;

/// <summary>
/// The ways to checksum databases that go through the upstreams, and the logins for all of them. An upstream that may see
/// some modules only is no way: a lookup names a module too.
/// </summary>
internal sealed class UpstreamDatabaseWays(UpstreamRoutes routes, UpstreamCredentials credentials) : IDatabaseWays
{
    public IReadOnlyList<DatabaseWay> Upstreams { get; } =
    [
        .. routes.OpenToAll.Where(static entry => entry.Kind is GoProxyEntryKind.Http)
            .Select(entry => new DatabaseWay(entry.Url!, Header(credentials.For(entry)))),
    ];

    public DatabaseWay Straight(ChecksumDatabaseSetting database) => new(
        database.Url!, Header(credentials.For(database.Url!, database.Address, UpstreamLogin.FromUserinfoOrNull(database.UserInfo))));

    private static Func<string, AuthenticationHeaderValue?> Header(Func<string, UpstreamLogin?> login) => path => login(path)?.Header;
}
