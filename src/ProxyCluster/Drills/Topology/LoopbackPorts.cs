using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Drills.Topology;

/// <summary>
/// Free ports of this machine from below those that the kernel gives to outgoing connections (32768 and up on Linux):
/// a process that was killed must find its port free when it comes back, whatever its peers connect to meanwhile.
/// </summary>
internal static class LoopbackPorts
{
    private const int First = 15_000;
    private const int Last = 32_000;

    private static readonly Lock Taking = new();
    private static readonly HashSet<int> Taken = [];

    /// <summary>A port that nothing listens on and that was not given out before.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static int Take()
    {
        lock (Taking)
        {
            for (var attempt = 0; attempt < Last - First; attempt++)
            {
                var port = Random.Shared.Next(First, Last);
                if (IsFree(port) && Taken.Add(port))
                    return port;
            }
        }

        throw new InvalidOperationException("no port is free on 127.0.0.1");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
