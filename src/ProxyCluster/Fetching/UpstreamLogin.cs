using System.Net.Http.Headers;
using System.Text;

namespace ProxyCluster.Fetching;

/// <summary>What proves to an upstream who we are. Its text form shows nothing.</summary>
internal sealed class UpstreamLogin
{
    private UpstreamLogin(AuthenticationHeaderValue header) => Header = header;

    /// <summary>The value of the Authorization header.</summary>
    public AuthenticationHeaderValue Header { get; }

    /// <summary>A name and a password (RFC 7617, UTF-8).</summary>
    public static UpstreamLogin Basic(string username, string password) =>
        new(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))));

    /// <summary>A bearer token (RFC 6750).</summary>
    public static UpstreamLogin Bearer(string token) => new(new AuthenticationHeaderValue("Bearer", token));

    /// <summary>Reads <c>name:password</c> as it stands, percent-encoded, in a URL; null when empty.</summary>
    public static UpstreamLogin? FromUserinfoOrNull(string userinfo)
    {
        if (userinfo.Length == 0)
            return null;

        var colon = userinfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? Basic(Uri.UnescapeDataString(userinfo), "")
            : Basic(Uri.UnescapeDataString(userinfo[..colon]), Uri.UnescapeDataString(userinfo[(colon + 1)..]));
    }

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}
