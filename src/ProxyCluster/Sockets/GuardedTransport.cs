using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Sockets;

/// <summary>
/// Kestrel's socket transport, with a look at who is there before anything is made of a connection: turning a flood of them
/// away must cost next to nothing, and a connection that Kestrel has taken costs as much as a small request.
/// <para>
/// Only the accepting is ours; what carries the bytes, and sockets that are no TCP, are Kestrel's own.
/// </para>
/// </summary>
internal sealed class GuardedTransport(IOptions<SocketTransportOptions> options, LoadShedding shedding, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _others = new(options, loggers);

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => _others.CanBind(endpoint);

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint)
            return _others.BindAsync(endpoint, cancellationToken);

        try
        {
            var socket = options.Value.CreateBoundListenSocket(endpoint);
            socket.Listen(options.Value.Backlog);
            return new(new Listener(socket, options.Value, shedding, loggers.CreateLogger<GuardedTransport>()));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }
    }

    private sealed class Listener : IConnectionListener
    {
        private static readonly LingerOption AtOnce = new(enable: true, seconds: 0);

        private readonly Socket _socket;
        private readonly bool _noDelay;
        private readonly LoadShedding _shedding;
        private readonly SocketConnectionContextFactory _connections;

        public Listener(Socket socket, SocketTransportOptions transport, LoadShedding shedding, ILogger logger)
        {
            (_socket, _noDelay, _shedding) = (socket, transport.NoDelay, shedding);
            EndPoint = socket.LocalEndPoint!;
            _connections = new(
                new()
                {
                    IOQueueCount = transport.IOQueueCount,
                    MaxReadBufferSize = transport.MaxReadBufferSize,
                    MaxWriteBufferSize = transport.MaxWriteBufferSize,
                    UnsafePreferInlineScheduling = transport.UnsafePreferInlineScheduling,
                    WaitForDataBeforeAllocatingBuffer = transport.WaitForDataBeforeAllocatingBuffer,
                },
                logger);
        }

        public EndPoint EndPoint { get; }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    var socket = await _socket.AcceptAsync(cancellationToken);

                    // A flood of them must not keep the thread from the sockets of others.
                    await SocketThread.LeaveAsync();
                    if (!IsTurnedAway(socket))
                        return Connect(socket);
                    socket.LingerState = AtOnce;
                    socket.Dispose();
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return null; // unbound, as Kestrel has it
                }
                catch (SocketException)
                {
                    // It left while it waited for us.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _socket.Dispose();
            return default;
        }

        public ValueTask DisposeAsync()
        {
            _socket.Dispose();
            _connections.Dispose();
            return default;
        }

        // To whom a socket leads is a question to the kernel.
        private bool IsTurnedAway(Socket socket) =>
            _shedding.IsActive && _shedding.TryTurnAway(ClientAddress.Of((socket.RemoteEndPoint as IPEndPoint)?.Address));

        [SuppressMessage("Reliability", "CA2000", Justification = "Kestrel disposes it.")]
        private ConnectionContext Connect(Socket socket)
        {
            socket.NoDelay = _noDelay;
            return _connections.Create(socket);
        }
    }
}
