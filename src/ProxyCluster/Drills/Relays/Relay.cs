using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Drills.Relays;

/// <summary>
/// A TCP relay in front of one address: who connects to it talks to the target over two lanes. It delays, throttles,
/// holds and cuts; it never looks at the bytes.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly RelayListener _listener;
    private readonly IPEndPoint _target;
    private readonly RelayLimits _limits;

    private Relay(IPEndPoint target, Lane there, Lane back, RelayLimits limits, int port)
    {
        _target = target;
        _limits = limits;
        There = there;
        Back = back;
        _listener = new RelayListener(port, limits.MaxConnections, ServeAsync);
    }

    /// <summary>What clients send travels on it.</summary>
    public Lane There { get; }

    /// <summary>What the target answers travels on it.</summary>
    public Lane Back { get; }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port => _listener.Port;

    /// <summary>Connections open now.</summary>
    public int Connections => _listener.Connections;

    /// <summary>Starts one with lanes of its own.</summary>
    public static Relay Start(IPEndPoint target, TimeProvider clock, RelayLimits? limits = null, int port = 0) =>
        new(target, new Lane(clock), new Lane(clock), limits ?? new RelayLimits(), port);

    /// <summary>Starts one on lanes that others use too.</summary>
    public static Relay Start(IPEndPoint target, Lane there, Lane back, RelayLimits? limits = null, int port = 0) =>
        new(target, there, back, limits ?? new RelayLimits(), port);

    /// <summary>Switches both lanes.</summary>
    public void Switch(LaneState state) => (There.State, Back.State) = (state, state);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task ServeAsync(Socket client, CancellationToken stop)
    {
        using var connecting = CancellationTokenSource.CreateLinkedTokenSource(stop, There.Broken, Back.Broken);
        await There.OpenAsync(connecting.Token).ConfigureAwait(false);
        var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await target.ConnectAsync(_target, connecting.Token).ConfigureAwait(false);
            await new RelayedConnection(client, target, There, Back, _limits).RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            RelayListener.Reset(target);
        }
    }
}
