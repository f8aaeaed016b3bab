using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.EndToEnd.Abuse;

/// <summary>One thing that a hostile client does over and over: connect, say something, and leave when others of its kind have come.</summary>
/// <param name="Name">In words, for reports.</param>
/// <param name="Request">What is said on the n-th connection; empty to say nothing.</param>
/// <param name="Kept">Connections of this kind that stay open, most of them unread.</param>
internal sealed record Salvo(string Name, Func<int, string> Request, int Kept)
{
    /// <summary>Reads what comes, as fast as it does.</summary>
    public bool Reads { get; init; }
}

/// <summary>
/// A client with an address of its own that means harm. One thread does everything without ever waiting for an answer, so it
/// takes no more than one core: on a machine with two, half of it. Where this process has been given the first of the cores only
/// (taskset(1)), the thread takes the others: it has its half, and everybody else keeps theirs.
/// </summary>
internal sealed class HostileClient : IDisposable
{
    private const int ConnectMicroseconds = 2000;
    private static readonly int MachineCores = File.ReadLines("/proc/stat").Count(static line => line.StartsWith("cpu", StringComparison.Ordinal)) - 1;

    private readonly IPEndPoint _from;
    private readonly IPEndPoint[] _doors;
    private readonly (Salvo Salvo, Queue<Socket> Open)[] _salvos;
    private readonly byte[] _read = new byte[1 << 16];
    private readonly Thread _thread;
    private volatile bool _isOver;
    private int _connections;

    /// <param name="address">Its own address, one of loopback.</param>
    /// <param name="doors">Whom it asks, in turn.</param>
    /// <param name="salvos">What it does, in turn.</param>
    public HostileClient(string address, IEnumerable<Uri> doors, IEnumerable<Salvo> salvos)
    {
        _from = new IPEndPoint(IPAddress.Parse(address), 0);
        _doors = [.. doors.Select(static door => new IPEndPoint(IPAddress.Loopback, door.Port))];
        _salvos = [.. salvos.Select(static salvo => (salvo, new Queue<Socket>()))];
        _thread = new Thread(Run) { IsBackground = true, Name = "hostile" };
        _thread.Start();
    }

    /// <summary>Connections that it has opened.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
        foreach (var socket in _salvos.SelectMany(static salvo => salvo.Open))
            socket.Dispose();
    }

    /// <summary>A request without a body.</summary>
    public static string Get(string path, params IEnumerable<string> headers) =>
        $"GET {path} HTTP/1.1\r\nHost: proxy.test\r\n{string.Concat(headers.Select(static header => header + "\r\n"))}\r\n";

    private void Run()
    {
        if (Environment.ProcessorCount < MachineCores)
            TakeCores(Enumerable.Range(Environment.ProcessorCount, MachineCores - Environment.ProcessorCount));
        for (var n = 0; !_isOver; n++)
        {
            foreach (var (salvo, open) in _salvos)
            {
                // Away without a word: no half-closed connection is left to count the seconds.
                while (open.Count >= salvo.Kept)
                    open.Dequeue().Dispose();
                if (Open(salvo, n) is { } socket)
                    open.Enqueue(socket);
                if (salvo.Reads)
                    ReadWhatIsThere(open);
            }
        }
    }

    // The thread, as proc(5) names it.
    private static void TakeCores(IEnumerable<int> cores)
    {
        var thread = new FileInfo("/proc/thread-self").LinkTarget!.Split('/')[^1];
        using var placing = Process.Start("taskset", ["-p", "-c", string.Join(',', cores), thread]);
        placing.WaitForExit();
        if (placing.ExitCode != 0)
            throw new InvalidOperationException("the thread may not have other cores");
    }

    private Socket? Open(Salvo salvo, int n)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            Blocking = false,
            LingerState = new LingerOption(true, 0),
            ReceiveBufferSize = 4096,
        };
        try
        {
            socket.Bind(_from);
            var door = _doors[n % _doors.Length];
            try
            {
                socket.Connect(door);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // As it should be.
            }

            if (socket.Poll(ConnectMicroseconds, SelectMode.SelectWrite))
                socket.Send(Encoding.UTF8.GetBytes(salvo.Request(n)));
            Interlocked.Increment(ref _connections);
            return socket;
        }
        catch (SocketException)
        {
            // Turned away, or out of ports: the next.
            socket.Dispose();
            return null;
        }
    }

    private void ReadWhatIsThere(IEnumerable<Socket> open)
    {
        foreach (var socket in open)
        {
            try
            {
                while (!_isOver && socket.Available > 0 && socket.Receive(_read) > 0)
                {
                    // Nothing is made of it.
                }
            }
            catch (SocketException)
            {
                // It was ended.
            }
        }
    }
}
