using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Sockets;

/// <summary>
/// Kestrel's socket transport, with a look at who is there before a server's connection is made of a socket: turning a flood
/// of them away costs a third of what it costs behind the server's door, and nothing once the kernel does it (<see cref="ClosedDoor"/>).
/// <para>
/// Road not taken: accepting sockets ourselves, which costs a tenth. Connections that are made of them by the platform's public
/// means take their buffers from the shared array pool instead of the server's pinned one, and every hit pays for that.
/// </para>
/// </summary>
internal sealed class GuardedTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly ClosedDoor _door = new();
    private readonly SocketTransportFactory _sockets;
    private readonly LoadShedding _shedding;

    public GuardedTransport(IOptions<SocketTransportOptions> options, LoadShedding shedding, ILoggerFactory loggers)
    {
        _shedding = shedding;
        shedding.AwayChanged += _door.CloseTo;
        var bind = options.Value.CreateBoundListenSocket;
        options.Value.CreateBoundListenSocket = endpoint =>
        {
            var socket = bind(endpoint);
            if (endpoint is IPEndPoint and not MembersEndPoint)
                _door.Add(socket);
            return socket;
        };
        _sockets = new SocketTransportFactory(options, loggers);
    }

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await _sockets.BindAsync(endpoint, cancellationToken);
        return endpoint is MembersEndPoint ? listener : new Listener(listener, _shedding);
    }

    private sealed class Listener(IConnectionListener inner, LoadShedding shedding) : IConnectionListener
    {
        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                var connection = await inner.AcceptAsync(cancellationToken);
                if (connection is null || !IsTurnedAway(connection))
                    return connection;

                // A flood of them must not keep the thread from the sockets of others.
                await SocketThread.LeaveAsync();
                connection.Abort();
                await connection.DisposeAsync();
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private bool IsTurnedAway(ConnectionContext connection) =>
            shedding.IsActive && shedding.TryTurnAway(ClientAddress.Of((connection.RemoteEndPoint as IPEndPoint)?.Address));
    }
}
