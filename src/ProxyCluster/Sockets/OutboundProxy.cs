using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Sockets;

/// <summary>
/// The way out of a company: <c>HTTP_PROXY</c>, <c>HTTPS_PROXY</c> and <c>NO_PROXY</c> as <c>go</c> reads them (x/net's
/// <c>httpproxy</c>), upper case before lower. The platform reads them too, but knows no <c>*.</c>, no ranges of addresses
/// and no <c>socks5h</c>, and lets a domain without a dot not stand for what is below it.
/// </summary>
internal sealed class OutboundProxy : IWebProxy
{
    private readonly Uri? _http;
    private readonly Uri? _https;
    private readonly IReadOnlyList<Exempt> _exempt;

    /// <summary>The proxies that the variables name.</summary>
    /// <param name="environment">Gives a variable's value, or null.</param>
    public OutboundProxy(Func<string, string?> environment)
    {
        // Within CGI a client sets HTTP_PROXY by a header called Proxy.
        _http = Environs(environment, "REQUEST_METHOD") is null ? UrlOrNull(environment, "HTTP_PROXY") : null;
        _https = UrlOrNull(environment, "HTTPS_PROXY");
        _exempt = [.. (Environs(environment, "NO_PROXY") ?? "").Split(',').Select(Exempt.ParseOrNull).OfType<Exempt>()];
    }

    /// <summary>The proxies that this process's environment names.</summary>
    public static OutboundProxy OfEnvironment { get; } = new(Environment.GetEnvironmentVariable);

    /// <inheritdoc/>
    public ICredentials? Credentials { get; set; } = new UserPart();

    /// <summary>What is wrong with the variables, or null.</summary>
    public static string? FaultOrNull(Func<string, string?> environment)
    {
        foreach (var name in (string[])["HTTP_PROXY", "HTTPS_PROXY"])
        {
            if (Environs(environment, name) is { } text && UrlOrNull(environment, name) is null)
                return $"environment {name}: \"{text[(text.LastIndexOf('@') + 1)..]}\" is not a proxy: allowed are URLs with http, https, socks5 and socks5h";
        }

        return null;
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) =>
        IsBypassed(destination) ? null : destination.Scheme == Uri.UriSchemeHttps ? _https : _http;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host)
    {
        if ((host.Scheme == Uri.UriSchemeHttps ? _https : _http) is null)
            return true;

        var name = host.IdnHost.Trim('[', ']').ToLowerInvariant();
        var address = IPAddress.TryParse(name, out var parsed) ? parsed : null;
        return IsThisMachine(host) || _exempt.Any(exempt => exempt.Covers(name, address, host.Port));
    }

    /// <summary>True for <c>localhost</c> and loopback addresses: what is sent there does not leave the machine.</summary>
    public static bool IsThisMachine(Uri url) =>
        string.Equals(url.IdnHost, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(url.IdnHost.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string? Environs(Func<string, string?> environment, string name) =>
        environment(name) is { Length: > 0 } upper ? upper : environment(name.ToLowerInvariant()) is { Length: > 0 } lower ? lower : null;

    private static Uri? UrlOrNull(Func<string, string?> environment, string name)
    {
        if (Environs(environment, name) is not { } text)
            return null;
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var url) || url.Host.Length == 0)
            return null;
        return url.Scheme switch
        {
            "http" or "https" or "socks5" => url,

            // Both leave the resolving of names to the proxy, in go as on this platform.
            "socks5h" => new UriBuilder(url) { Scheme = "socks5", Port = url.Port < 0 ? 1080 : url.Port }.Uri,
            _ => null,
        };
    }

    // The user part of the proxy's own URL; there is no other login.
    private sealed class UserPart : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType)
        {
            if (uri.UserInfo.Length == 0 || authType is not ("" or "Basic"))
                return null;
            var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
            return colon < 0
                ? new NetworkCredential(Uri.UnescapeDataString(uri.UserInfo), "")
                : new NetworkCredential(Uri.UnescapeDataString(uri.UserInfo[..colon]), Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]));
        }
    }

    /// <summary>One entry of NO_PROXY.</summary>
    private sealed record Exempt(string? Host, IPAddress? Address, IPNetwork? Range, string Port, bool IsDomainToo)
    {
        public static Exempt? ParseOrNull(string entry)
        {
            var text = entry.Trim().ToLowerInvariant();
            if (text.Length == 0)
                return null;
            if (text == "*")
                return new(null, null, null, "", true);
            if (text.Contains('/', StringComparison.Ordinal))
                return RangeOrNull(text) is { } range ? new(null, null, range, "", false) : null;

            // host, host:port, address, address:port, [address], [address]:port
            var (host, port) = (text, "");
            var colon = text.LastIndexOf(':');
            if (colon >= 0 && (text.IndexOf(':', StringComparison.Ordinal) == colon || text[..colon] is ['[', .., ']']))
                (host, port) = (text[..colon], text[(colon + 1)..]);
            if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
                return new(null, address, null, port, false);

            host = host.StartsWith("*.", StringComparison.Ordinal) ? host[1..] : host;
            return host.Length == 0 ? null : host[0] == '.' ? new(host, null, null, port, false) : new("." + host, null, null, port, true);
        }

        public bool Covers(string host, IPAddress? address, int port) =>
            Range is { } range ? address is not null && range.Contains(address)
            : (Port.Length == 0 || Port == port.ToString(System.Globalization.CultureInfo.InvariantCulture))
                && (Address is not null ? Address.Equals(address)
                    : Host is null || host.EndsWith(Host, StringComparison.Ordinal) || (IsDomainToo && host == Host[1..]));

        // The platform wants the bits after the prefix to be zero; go masks them.
        private static IPNetwork? RangeOrNull(string text)
        {
            var slash = text.IndexOf('/', StringComparison.Ordinal);
            if (!IPAddress.TryParse(text[..slash], out var address) || !int.TryParse(text[(slash + 1)..], out var bits))
                return null;
            var bytes = address.GetAddressBytes();
            if (bits < 0 || bits > bytes.Length * 8 || address.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
                return null;
            for (var bit = bits; bit < bytes.Length * 8; bit++)
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            return new IPNetwork(new IPAddress(bytes), bits);
        }
    }
}
