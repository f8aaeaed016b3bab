using System.Net;

namespace ProxyCluster.Fetching;

/// <summary>
/// The proxy that the environment names (<c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c>, <c>NO_PROXY</c>), except for this machine:
/// as in go, loopback is always reached directly.
/// </summary>
internal sealed class OutboundProxy(IWebProxy environment) : IWebProxy
{
    public ICredentials? Credentials
    {
        get => environment.Credentials;
        set => environment.Credentials = value;
    }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : environment.GetProxy(destination);

    public bool IsBypassed(Uri host) => GoProxyList.IsThisMachine(host) || environment.IsBypassed(host);
}
