using System.Net.Http.Headers;

namespace ProxyCluster.Verification;

/// <summary>
/// What the upstreams can do for the checksum databases: serve them too, and lend their logins. A border of this room,
/// because the room of the upstreams stands before it.
/// </summary>
internal interface IDatabaseWays
{
    /// <summary>The upstreams that may serve databases below <c>/sumdb/</c>, in the order in which they are asked whether they do.</summary>
    IReadOnlyList<DatabaseWay> Upstreams { get; }

    /// <summary>The way straight to a database, with what login there is for it.</summary>
    DatabaseWay Straight(ChecksumDatabaseSetting database);
}

/// <summary>Where a database is asked.</summary>
/// <param name="Url">The address, below which the paths of the database lie, without a trailing slash.</param>
/// <param name="Login">The login, or null, for a path below that address. It is sent there and nowhere else.</param>
internal sealed record DatabaseWay(Uri Url, Func<string, AuthenticationHeaderValue?> Login)
{
    /// <summary>The address of a path below.</summary>
    public Uri At(string path) => new($"{Url.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>The header for a request to this address, which a redirect may have named.</summary>
    public AuthenticationHeaderValue? LoginOrNull(Uri target, string path) =>
        target.Scheme == Url.Scheme && target.Authority == Url.Authority ? Login(path) : null;
}
