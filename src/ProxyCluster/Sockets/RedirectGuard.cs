using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Sockets;

/// <summary>
/// Keeps a public server from sending us, by a redirect, to what only this machine or its network may reach. Servers that
/// were configured may be anywhere. Every other host was named by one of them, and is connected to at a public address only,
/// unless all servers that were configured are inside themselves or a setting allows it.
/// <para>
/// The address that is connected to decides, after its name was resolved, so a name that leads inside is no way in. Through
/// an outbound proxy the proxy resolves, and what it may reach is its own affair; a server behind one counts as outside,
/// whatever its name, unless that is an address.
/// </para>
/// </summary>
/// <param name="configured">The hosts that were configured.</param>
/// <param name="allows">Every redirect may be followed.</param>
/// <param name="isInside">Tells addresses inside; tests have others than loopback to be outside.</param>
/// <param name="proxy">The way out; null for that of the environment.</param>
internal sealed class RedirectGuard(IEnumerable<Uri> configured, bool allows, Func<IPAddress, bool>? isInside = null, IWebProxy? proxy = null)
{
    private static readonly IPNetwork[] Inside =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "224.0.0.0/3", "::/127", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(static network => IPNetwork.Parse(network)),
    ];

    // These hold an IPv4 address in their end: translation (RFC 6052) and the old compatible form.
    private static readonly IPNetwork[] Embedding = [IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("::/96")];

    private readonly HashSet<string> _configured = new(configured.Select(HostOf), StringComparer.OrdinalIgnoreCase);
    private readonly Func<IPAddress, bool> _isInside = isInside ?? IsInside;
    private volatile bool _wasOutside;

    /// <summary>No server was configured, and whoever named one may not have it inside.</summary>
    public bool IsOutside { init => _wasOutside = value; }

    /// <summary>The way out, which the handler must take.</summary>
    public IWebProxy Proxy { get; } = proxy ?? OutboundProxy.OfEnvironment;

    /// <summary>Is this an address of this machine, its link, or a private network?</summary>
    public static bool IsInside(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return Inside.Any(network => network.Contains(address))
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && Embedding.Any(network => network.Contains(address))
                && IsInside(new IPAddress(address.GetAddressBytes().AsSpan(12))));
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="RedirectRefusedException">It leads to where a redirect must not.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (end, asked) = (context.DnsEndPoint, context.InitialRequestMessage.RequestUri!);
        var host = HostOf(asked);
        var isConfigured = _configured.Contains(host);
        if (allows || Proxy.GetProxy(asked) is not null)
        {
            _wasOutside |= isConfigured && !(IPAddress.TryParse(host, out var named) && _isInside(named));
            return await OutgoingConnection.ConnectAsync(end, cancel).ConfigureAwait(false);
        }

        var addresses = await Dns.GetHostAddressesAsync(host, cancel).ConfigureAwait(false);
        if (isConfigured)
            _wasOutside |= !Array.TrueForAll(addresses, address => _isInside(address));
        else if (_wasOutside)
            addresses = [.. addresses.Where(address => !_isInside(address))];
        return addresses.Length > 0
            ? await OutgoingConnection.ConnectAsync(addresses, end.Port, cancel).ConfigureAwait(false)
            : throw new RedirectRefusedException(host);
    }

    private static string HostOf(Uri url) => url.IdnHost.Trim('[', ']');
}

/// <summary>A redirect led to where none may.</summary>
internal sealed class RedirectRefusedException(string host) : IOException($"a redirect to {host}, whose address is inside, is refused");
