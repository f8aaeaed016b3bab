using System.Net;
using System.Net.Sockets;
using ProxyCluster.Sockets;

namespace ProxyCluster.Tests.Sockets;

public class OutgoingConnectionTests
{
    [Fact]
    public async Task Connect_PeerResetsAtOnce_IsAFailedRequestAndNothingElse()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var resetting = ResetAllAsync(listener, stop.Token);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = OutgoingConnection.ConnectAsync, UseProxy = false });

        for (var attempt = 0; attempt < 500; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{listener.LocalEndpoint}/");
            await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, TestContext.Current.CancellationToken));
        }

        await stop.CancelAsync();
        await resetting;
    }

    private static async Task ResetAllAsync(TcpListener listener, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var socket = await listener.AcceptSocketAsync(stop);
                socket.Close(0); // a reset
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
