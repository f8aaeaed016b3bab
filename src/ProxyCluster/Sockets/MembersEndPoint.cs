using System.Net;

namespace ProxyCluster.Sockets;

/// <summary>
/// Where members connect and clients do not: nobody is turned away there for what an address that may be another's as well has
/// wasted elsewhere.
/// </summary>
internal sealed class MembersEndPoint(IPAddress address, int port) : IPEndPoint(address, port);
