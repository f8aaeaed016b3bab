using System.Net;

namespace ProxyCluster.Hosting;

/// <summary>
/// Tells whether an upstream list leads back to this silo. A developer's GOPROXY often points at a proxy on the same
/// machine; taken over as the upstream of that very proxy, each miss would ask itself for ever.
/// </summary>
internal static class OwnAddress
{
    private static readonly string[] AnyHost = ["*", "+", "0.0.0.0", "[::]"];

    /// <summary>The first entry of the upstream list that is one of our addresses, without credentials; null if none is.</summary>
    public static string? FindOrNull(IEnumerable<string> listenUrls, string upstreams)
    {
        var own = listenUrls.Select(BindingAddressOrNull).OfType<BindingAddress>().ToList();
        foreach (var entry in upstreams.Split([',', '|'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // go's rule: a bare host name means https (spec §3).
            var text = entry.Contains("://", StringComparison.Ordinal) ? entry : "https://" + entry;
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Host.Length > 0
                && own.Exists(address => address.Port == uri.Port && Listens(address.Host, uri.Host)))
                return uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        }

        return null;
    }

    private static BindingAddress? BindingAddressOrNull(string url)
    {
        try
        {
            return BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool Listens(string listenHost, string host)
    {
        if (listenHost.Equals(host, StringComparison.OrdinalIgnoreCase))
            return true;
        if (AnyHost.Contains(listenHost))
            return IsLoopback(host) || host.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase) || AnyHost.Contains(host);
        return IsLoopback(listenHost) && IsLoopback(host)
            && (IsName(listenHost) || IsName(host) || Address(listenHost).Equals(Address(host)));
    }

    private static bool IsName(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopback(string host) =>
        IsName(host) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static IPAddress Address(string host) => IPAddress.Parse(host.Trim('[', ']'));
}
