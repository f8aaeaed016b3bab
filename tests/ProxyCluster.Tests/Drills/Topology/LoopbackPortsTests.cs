using System.Net;
using System.Net.Sockets;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Tests.Drills.Topology;

public sealed class LoopbackPortsTests
{
    [Fact]
    public void Ports_TakenOneAfterTheOther_AreFreeAndDifferentAndNoneOfTheKernels()
    {
        var ports = Enumerable.Range(0, 200).Select(static _ => LoopbackPorts.Take()).ToList();

        Assert.Equal(200, ports.Distinct().Count());
        Assert.All(ports, static port => Assert.InRange(port, 1024, 32767));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, ports[0]));
    }
}
