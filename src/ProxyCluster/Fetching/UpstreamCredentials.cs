using Microsoft.Extensions.Options;
using ProxyCluster.Sockets;

namespace ProxyCluster.Fetching;

/// <summary>
/// Finds the login for an upstream of the list, or for a checksum database. The first that has one wins: the URL itself, the configuration
/// (<c>Upstreams:Credentials:&lt;host&gt;</c>), the environment, the netrc file.
/// </summary>
/// <remarks>
/// A login belongs to the upstream that the operator named, and to its origin: it goes with requests to that scheme, host
/// and port and with no other, so a redirect never carries one away, not even to a host that has a login of its own
/// (else an upstream could make us read another's private files for it). Over plain http only this machine gets one.
/// <para>
/// Environment: <c>UPSTREAM_TOKEN_&lt;HOST&gt;</c>, or <c>…_USERNAME_&lt;HOST&gt;</c> with
/// <c>…_PASSWORD_&lt;HOST&gt;</c>, where the host is upper case with each dot as one underscore and each dash as two
/// (<c>go-proxy.example.com</c>: <c>GO__PROXY_EXAMPLE_COM</c>), so that no two host names share a variable.
/// (Names that begin with <c>PROXYCLUSTER_</c> are settings, where two underscores part section and key.)
/// Netrc: <c>$NETRC</c>, else <c>~/.netrc</c>; https only, machine is <c>host</c>, or <c>host:port</c> where the URL has a
/// port, and may carry a path (<see cref="Netrc"/>).
/// </para>
/// </remarks>
internal sealed class UpstreamCredentials
{
    private const string Prefix = "UPSTREAM_";

    private readonly UpstreamsOptions _options;
    private readonly Func<string, string?> _environment;
    private readonly Lazy<Netrc> _netrc;

    public UpstreamCredentials(IOptions<UpstreamsOptions> options)
        : this(options.Value, Environment.GetEnvironmentVariable)
    {
    }

    internal UpstreamCredentials(UpstreamsOptions options, Func<string, string?> environment)
    {
        _options = options;
        _environment = environment;
        _netrc = new Lazy<Netrc>(ReadNetrc);
    }

    /// <summary>Finds the login, or null, for what is asked of an entry of the list: a path below its address.</summary>
    public Func<string, UpstreamLogin?> For(GoProxyEntry entry) =>
        entry is { Kind: GoProxyEntryKind.Http, Url: { } url } ? For(url, entry.Address, entry.Login) : static _ => null;

    /// <summary>As for an entry of the list, for any address.</summary>
    /// <param name="url">Where.</param>
    /// <param name="address">What stood after the scheme, user part aside, without a trailing slash.</param>
    /// <param name="own">The login that stood in the URL, or null.</param>
    public Func<string, UpstreamLogin?> For(Uri url, string address, UpstreamLogin? own)
    {
        // Userinfo over plain http was refused when the URL was read; the other sources simply do not apply.
        var https = url.Scheme == Uri.UriSchemeHttps;
        var login = own ?? (https || OutboundProxy.IsThisMachine(url) ? FromConfigurationOrNull(url.IdnHost) ?? FromEnvironmentOrNull(url.IdnHost) : null);
        return login is not null || !https ? _ => login : path => _netrc.Value.FindOrNull($"{address}/{path}");
    }

    private UpstreamLogin? FromConfigurationOrNull(string host) =>
        _options.Credentials.FirstOrDefault(pair => string.Equals(pair.Key, host, StringComparison.OrdinalIgnoreCase))
            .Value?.ToLogin();

    private UpstreamLogin? FromEnvironmentOrNull(string host)
    {
        var name = host.ToUpperInvariant().Replace("-", "__", StringComparison.Ordinal).Replace('.', '_');
        var login = new UpstreamLoginOptions
        {
            Token = _environment($"{Prefix}TOKEN_{name}"),
            Username = _environment($"{Prefix}USERNAME_{name}"),
            Password = _environment($"{Prefix}PASSWORD_{name}"),
        };
        return login.FaultOrNull() is null ? login.ToLogin() : null;
    }

    private Netrc ReadNetrc()
    {
        var path = _environment("NETRC") is { Length: > 0 } named ? named
            : _environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".netrc")
            : null;
        try
        {
            return path is null || !File.Exists(path) ? Netrc.Empty : Netrc.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As in go: a netrc that cannot be read is a netrc without entries; the upstream's 401 will tell.
            return Netrc.Empty;
        }
    }
}
