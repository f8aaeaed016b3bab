using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Sockets;

/// <summary>
/// A connection that we open. Whoever waits for it continues on the thread pool, whatever thread the socket completes on
/// (<see cref="SocketThread"/>): zips are checked, files flushed and signatures verified after such waits. Not so where only
/// clients' requests are passed on: what follows there is parsing, and a thread of the pool for it costs more than that.
/// </summary>
internal sealed class OutgoingConnection(Socket socket, bool leaves) : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public static ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel) =>
        ConnectAsync(context.DnsEndPoint, cancel);

    /// <summary>The same for a connection whose reader stays on the socket's thread.</summary>
    public static ValueTask<Stream> ConnectToPassOnAsync(SocketsHttpConnectionContext context, CancellationToken cancel) =>
        ConnectAsync(socket => socket.ConnectAsync(context.DnsEndPoint, cancel), leaves: false);

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nobody listens, or the name is not known.</exception>
    public static ValueTask<Stream> ConnectAsync(DnsEndPoint address, CancellationToken cancel) =>
        ConnectAsync(socket => socket.ConnectAsync(address, cancel));

    /// <summary>Connects to the first of the addresses that answers.</summary>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancel) =>
        ConnectAsync(socket => socket.ConnectAsync(addresses, port, cancel));

    private static async ValueTask<Stream> ConnectAsync(Func<Socket, ValueTask> connect, bool leaves = true)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await connect(socket).ConfigureAwait(false);

            // The handler asks for it later, outside of what it guards, and then a connection that was reset in between
            // would surface as a bare SocketException. The socket remembers the answer; here a failure is one to connect.
            _ = socket.RemoteEndPoint;
            return new OutgoingConnection(socket, leaves);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            await SocketThread.LeaveAsync();
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = base.ReadAsync(buffer, cancellationToken);
        return reading.IsCompleted || !leaves ? reading : SocketThread.LeaveAfterAsync(reading);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = base.WriteAsync(buffer, cancellationToken);
        return writing.IsCompleted || !leaves ? writing : SocketThread.LeaveAfterAsync(writing);
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
