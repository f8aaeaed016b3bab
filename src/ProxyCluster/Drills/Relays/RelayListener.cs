using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Drills.Relays;

/// <summary>Accepts connections on a loopback port, has each of them served, and ends them all with itself.</summary>
internal sealed class RelayListener : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<Socket, Task> _connections = new();
    private readonly Func<Socket, CancellationToken, Task> _serve;
    private readonly int _maxConnections;
    private readonly Task _accepting;

    /// <param name="port">The port; 0 takes a free one.</param>
    /// <param name="maxConnections">Connections at once; further ones are reset.</param>
    /// <param name="serve">Serves one connection to its end and leaves its socket closed.</param>
    /// <exception cref="SocketException">The port is in use.</exception>
    public RelayListener(int port, int maxConnections, Func<Socket, CancellationToken, Task> serve)
    {
        _serve = serve;
        _maxConnections = maxConnections;
        try
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
            _listener.Listen(4096);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }

        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Connections open now.</summary>
    public int Connections => _connections.Count;

    /// <summary>Closes a socket so that the other side sees a reset.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already, or never was connected.
        }

        // Without a time limit of zero, a socket that some thread still looks at would be shut down in good order.
        socket.Close(0);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Values).ConfigureAwait(false);
        _stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopped.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stopped.Token).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                continue; // it left before it was accepted
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }

            if (_connections.Count >= _maxConnections)
            {
                Reset(socket);
                continue;
            }

            // Registered before it runs, so that the end finds it.
            var done = new TaskCompletionSource();
            _connections[socket] = done.Task;
            _ = ServeAsync(socket, done);
        }
    }

    private async Task ServeAsync(Socket socket, TaskCompletionSource done)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            socket.NoDelay = true;
            await _serve(socket, _stopped.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side left, a lane was cut or the relay ends: what both sides see is all there is to say.
        }
        finally
        {
            Reset(socket);
            _connections.TryRemove(socket, out _);
            done.SetResult();
        }
    }
}
