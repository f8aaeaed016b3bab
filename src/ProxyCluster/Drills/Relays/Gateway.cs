using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.Drills.Relays;

/// <summary>
/// A region's way out: a SOCKS 5 proxy (RFC 1928; no authentication, CONNECT only, to this machine) whose connections
/// travel on the lanes from its region to the target's.
/// <para>
/// Why a proxy and not a relay per target: the distance depends on both ends, and by the door that a process was given
/// its region is known. Targets may come and go, and etcd, which tells all of its members one address per member, can be
/// given a door too. Connecting costs a round trip here, as it does between real regions.
/// </para>
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private const byte Version = 5;
    private const byte NoAuthentication = 0;
    private const byte Connect = 1;
    private const byte IPv4 = 1;
    private const byte DomainName = 3;
    private const byte IPv6 = 4;
    private const byte Succeeded = 0;
    private const byte Refused = 5;
    private const byte NotSupported = 7;

    private readonly RelayListener _listener;
    private readonly Func<int, (Lane There, Lane Back)> _lanesTo;
    private readonly RelayLimits _limits;

    private Gateway(Func<int, (Lane There, Lane Back)> lanesTo, RelayLimits limits, int port)
    {
        _lanesTo = lanesTo;
        _limits = limits;
        _listener = new RelayListener(port, limits.MaxConnections, ServeAsync);
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port => _listener.Port;

    /// <summary>As a setting: <c>socks5://127.0.0.1:port</c>.</summary>
    public Uri Url => new($"socks5://127.0.0.1:{Port}");

    /// <summary>Connections open now.</summary>
    public int Connections => _listener.Connections;

    /// <summary>Starts one.</summary>
    /// <param name="lanesTo">The lanes to and from a port of this machine.</param>
    /// <param name="limits">How much it holds; null for the defaults.</param>
    /// <param name="port">The port; 0 takes a free one.</param>
    public static Gateway Start(Func<int, (Lane There, Lane Back)> lanesTo, RelayLimits? limits = null, int port = 0) =>
        new(lanesTo, limits ?? new RelayLimits(), port);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task ServeAsync(Socket client, CancellationToken stop)
    {
        if (await ReadTargetOrNullAsync(client, stop).ConfigureAwait(false) is not { } port)
        {
            await ReplyAsync(client, NotSupported, stop).ConfigureAwait(false);
            return;
        }

        var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await ConnectAndCarryAsync(client, target, port, stop).ConfigureAwait(false);
        }
        finally
        {
            RelayListener.Reset(target);
        }
    }

    private async Task ConnectAndCarryAsync(Socket client, Socket target, int port, CancellationToken stop)
    {
        var (there, back) = _lanesTo(port);
        byte status;
        using (var connecting = CancellationTokenSource.CreateLinkedTokenSource(stop, there.Broken, back.Broken))
        {
            try
            {
                await there.ArriveAsync(there.ArrivalOf(0), connecting.Token).ConfigureAwait(false);
                status = await TryConnectAsync(target, port, connecting.Token).ConfigureAwait(false) ? Succeeded : Refused;
                await back.ArriveAsync(back.ArrivalOf(0), connecting.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                status = Refused;
            }
        }

        await ReplyAsync(client, status, stop).ConfigureAwait(false);
        if (status == Succeeded)
            await new RelayedConnection(client, target, there, back, _limits).RunAsync(stop).ConfigureAwait(false);
        else
            client.Dispose(); // in good order, or the reset could overtake the reply
    }

    private static async Task<bool> TryConnectAsync(Socket target, int port, CancellationToken cancel)
    {
        try
        {
            await target.ConnectAsync(IPAddress.Loopback, port, cancel).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // RFC 1928 §3 and §4. The host is this machine however it is written, so only the port counts.
    private static async Task<int?> ReadTargetOrNullAsync(Socket client, CancellationToken cancel)
    {
        var buffer = new byte[256];
        await ReadAsync(2).ConfigureAwait(false);
        var (version, methods) = (buffer[0], buffer[1]);
        await ReadAsync(methods).ConfigureAwait(false);
        if (version != Version || !buffer.AsSpan(0, methods).Contains(NoAuthentication))
            return null;

        await client.SendAsync(new byte[] { Version, NoAuthentication }, cancel).ConfigureAwait(false);
        await ReadAsync(4).ConfigureAwait(false);
        var (command, kind) = (buffer[1], buffer[3]);
        var isHere = false;
        switch (kind)
        {
            case IPv4:
                await ReadAsync(4).ConfigureAwait(false);
                isHere = IPAddress.IsLoopback(new IPAddress(buffer.AsSpan(0, 4)));
                break;
            case IPv6:
                await ReadAsync(16).ConfigureAwait(false);
                isHere = IPAddress.IsLoopback(new IPAddress(buffer.AsSpan(0, 16)));
                break;
            case DomainName:
                await ReadAsync(1).ConfigureAwait(false);
                var length = buffer[0];
                await ReadAsync(length).ConfigureAwait(false);
                isHere = Encoding.ASCII.GetString(buffer, 0, length).TrimEnd('.') is "localhost" or "127.0.0.1";
                break;
        }

        await ReadAsync(2).ConfigureAwait(false);
        return command == Connect && isHere ? BinaryPrimitives.ReadUInt16BigEndian(buffer) : null;

        async ValueTask ReadAsync(int count)
        {
            for (var at = 0; at < count;)
            {
                var read = await client.ReceiveAsync(buffer.AsMemory(at, count - at), cancel).ConfigureAwait(false);
                at += read > 0 ? read : throw new IOException("the client left in the middle of its request");
            }
        }
    }

    private static async Task ReplyAsync(Socket client, byte status, CancellationToken cancel) =>
        await client.SendAsync(new byte[] { Version, status, 0, IPv4, 0, 0, 0, 0, 0, 0 }, cancel).ConfigureAwait(false);
}
