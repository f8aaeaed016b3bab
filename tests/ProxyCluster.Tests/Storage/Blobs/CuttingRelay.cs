using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>
/// Passes TCP connections on to a port of this machine, and cuts them where a test says. Real sockets, so that what
/// breaks is what breaks in the field.
/// </summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _target;
    private readonly Task _accepting;
    private long _upLeft = long.MaxValue;
    private long _downLeft = long.MaxValue;
    private byte[] _damaged = [];
    private int _damagesLeft;
    private int _cuts;
    private int _connections;

    public CuttingRelay(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections that were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Connections that were accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Cuts the connection that brings the sum of bytes from clients over this; once.</summary>
    public void CutUploadAfter(long bytes) => Interlocked.Exchange(ref _upLeft, bytes);

    /// <summary>Cuts the connection that brings the sum of bytes to clients over this; once.</summary>
    public void CutDownloadAfter(long bytes) => Interlocked.Exchange(ref _downLeft, bytes);

    /// <summary>Changes the last of these bytes on their way to clients, so often: what a bad memory or a bad line does.</summary>
    public void DamageDownloads(byte[] bytes, int times)
    {
        _damaged = bytes;
        Volatile.Write(ref _damagesLeft, times);
    }

    /// <summary>From here on nobody listens.</summary>
    public void StopListening() => _listener.Stop();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                connections.Add(RelayAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _end.Token);
                await Task.WhenAny(
                    PassAsync(client, server, up: true),
                    PassAsync(server, client, up: false));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // Nobody listens there, or the test is over.
            }
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to, bool up)
    {
        var buffer = new byte[16 << 10];
        try
        {
            for (int read; (read = await from.GetStream().ReadAsync(buffer, _end.Token)) > 0;)
            {
                var left = up ? Interlocked.Add(ref _upLeft, -read) : Interlocked.Add(ref _downLeft, -read);
                if (left < 0)
                {
                    // What was allowed arrives, and then nothing any more.
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, (int)Math.Max(0, read + left)), _end.Token);
                    Interlocked.Exchange(ref up ? ref _upLeft : ref _downLeft, long.MaxValue);
                    Interlocked.Increment(ref _cuts);
                    from.Client.LingerState = to.Client.LingerState = new LingerOption(true, 0);
                    return;
                }

                if (!up)
                    Damage(buffer.AsSpan(0, read));
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _end.Token);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side left.
        }
    }

    private void Damage(Span<byte> passing)
    {
        if (Volatile.Read(ref _damagesLeft) <= 0 || passing.IndexOf(_damaged) is not (>= 0 and var at))
            return;
        passing[at + _damaged.Length - 1] ^= 1;
        Interlocked.Decrement(ref _damagesLeft);
    }
}
