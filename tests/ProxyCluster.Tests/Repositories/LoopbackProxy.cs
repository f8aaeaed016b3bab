using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Tests.Repositories;

/// <summary>A proxy on loopback for processes that are told to use it, as long as it is not disposed of.</summary>
internal abstract class LoopbackProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    protected LoopbackProxy()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public void Dispose() => _listener.Dispose();

    /// <summary>Serves one connection.</summary>
    protected abstract Task AnswerAsync(NetworkStream client);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            await AnswerAsync(client.GetStream());
        }
    }
}
