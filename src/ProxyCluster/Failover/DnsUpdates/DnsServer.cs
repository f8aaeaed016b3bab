using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>Where a name server listens.</summary>
internal static class DnsServer
{
    private const int Port = 53;

    /// <summary>Reads <c>HOST</c>, <c>HOST:PORT</c>, <c>IPv6</c> or <c>[IPv6]:PORT</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DnsEndPoint? server)
    {
        server = null;

        // The platform would take brackets, and drop the port behind them.
        if (!text.StartsWith('[') && IPAddress.TryParse(text, out var bare))
        {
            server = new DnsEndPoint(bare.ToString(), Port);
            return true;
        }

        var colon = text.LastIndexOf(':');
        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        var port = Port;
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown
            || (colon >= 0 && !(int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65536)))
            return false;
        server = new DnsEndPoint(host, port);
        return true;
    }
}
