using System.Net;
using System.Net.Sockets;
using System.Text;
using ProxyCluster.Sockets;

namespace ProxyCluster.Repositories;

/// <summary>
/// The only way out of a program that cannot be told whom it may connect to: hg and svn follow redirects to wherever a server
/// likes, and svn takes its login along. A proxy on loopback for as long as the program runs, which connects to one host and
/// port only and, where that was looked at, to one address. TLS passes through it: it sees no secret.
/// </summary>
internal sealed class GuardedWay : IDisposable
{
    private const int MaxHead = 8 << 10;

    private readonly string _host;
    private readonly int _port;
    private readonly IPAddress? _pinnedTo;
    private readonly Uri? _proxy;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Opens it.</summary>
    /// <param name="url">Where it leads.</param>
    /// <param name="pinnedTo">The only address there; null for any.</param>
    /// <param name="proxy">The way out of a company; null for none.</param>
    public GuardedWay(Uri url, IPAddress? pinnedTo, Uri? proxy)
    {
        (_host, _port, _pinnedTo, _proxy) = (url.IdnHost.Trim('[', ']'), url.Port, pinnedTo, proxy);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where the program finds it.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>It was to lead somewhere else.</summary>
    public bool HasRefused { get; private set; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var stop = _stop.Token;
        try
        {
            while (true)
                _ = LeadAsync(await _listener.AcceptSocketAsync(stop), stop);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task LeadAsync(Socket client, CancellationToken stop)
    {
        await using var near = new NetworkStream(client, ownsSocket: true);
        try
        {
            // 1. Where to?
            if (await ReadHeadAsync(near, stop) is not { } head)
                return;
            if (head.Split(' ') is not ["CONNECT", var target, ..] || !IsAllowed(target))
            {
                HasRefused = true;
                await SayAsync(near, "HTTP/1.1 403 Elsewhere", stop);
                return;
            }

            // 2. There.
            await using var far = await ConnectAsync(stop);
            await near.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray(), stop);
            await await Task.WhenAny(near.CopyToAsync(far, stop), far.CopyToAsync(near, stop));
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // One of the two has left; or it was not there to begin with, which the program shall hear.
            await SayAsync(near, "HTTP/1.1 502 Unreachable", stop);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The program has ended.
        }
    }

    private bool IsAllowed(string target) =>
        target.LastIndexOf(':') is > 0 and var colon && target[(colon + 1)..] == $"{_port}" && target[..colon].Trim('[', ']').Equals(_host, StringComparison.OrdinalIgnoreCase);

    private async ValueTask<Stream> ConnectAsync(CancellationToken stop)
    {
        if (_proxy is null)
            return _pinnedTo is null ? await OutgoingConnection.ConnectAsync(new DnsEndPoint(_host, _port), stop) : await OutgoingConnection.ConnectAsync([_pinnedTo], _port, stop);

        var way = await OutgoingConnection.ConnectAsync(new DnsEndPoint(_proxy.IdnHost.Trim('[', ']'), _proxy.Port), stop);
        var target = _host.Contains(':', StringComparison.Ordinal) ? $"[{_host}]:{_port}" : $"{_host}:{_port}";
        var login = _proxy.UserInfo.Length == 0 ? "" : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(_proxy.UserInfo)))}\r\n";
        await way.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n"), stop);
        if (await ReadHeadAsync(way, stop) is { } head && head.Split(' ') is [_, "200", ..])
            return way;
        await way.DisposeAsync();
        throw new IOException("the proxy does not lead there");
    }

    private static async Task SayAsync(Stream near, string status, CancellationToken stop)
    {
        try
        {
            await near.WriteAsync(Encoding.ASCII.GetBytes($"{status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), stop);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It does not listen any more.
        }
    }

    // Byte for byte: what follows is not ours to read. Null where there is none.
    private static async Task<string?> ReadHeadAsync(Stream stream, CancellationToken stop)
    {
        var (head, one) = (new StringBuilder(), new byte[1]);
        while (head.Length < MaxHead && await stream.ReadAsync(one, stop) == 1)
        {
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                return head.ToString();
        }

        return null;
    }
}
