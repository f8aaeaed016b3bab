using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.Benchmarks.Large;

/// <summary>
/// Downloads one URL several times at once and throws the bytes away, in a process of its own so that it can be given a
/// core: <c>drain HOST:PORT PATH PARALLEL EACH</c>. Bare sockets and large buffers, because the reader should not be the
/// limit. Prints bytes, seconds and processor seconds.
/// </summary>
internal static class Drain
{
    public const string Verb = "drain";

    public static int Run(string[] arguments)
    {
        var address = IPEndPoint.Parse(arguments[0]);
        var request = Encoding.ASCII.GetBytes($"GET {arguments[1]} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        var parallel = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        var each = int.Parse(arguments[3], CultureInfo.InvariantCulture);

        var total = 0L;
        using var start = new Barrier(parallel + 1);
        var threads = Enumerable.Range(0, parallel).Select(_ => new Thread(() =>
        {
            var buffer = new byte[1 << 19];
            start.SignalAndWait();
            for (var i = 0; i < each; i++)
                Interlocked.Add(ref total, Download(address, request, buffer));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        start.SignalAndWait();
        var started = Stopwatch.GetTimestamp();
        threads.ForEach(thread => thread.Join());
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{total} {seconds} {Environment.CpuUsage.TotalTime.TotalSeconds}"));
        return 0;
    }

    private static long Download(IPEndPoint address, byte[] request, byte[] buffer)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(address);
        socket.Send(request);
        var total = 0L;
        var head = -1L;
        var length = -1L;
        while (socket.Receive(buffer) is > 0 and var read)
        {
            if (total == 0)
            {
                // The first piece holds the whole head: servers send it in one write.
                var text = Encoding.Latin1.GetString(buffer, 0, Math.Min(read, 4096));
                if (!text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                    throw new InvalidOperationException(text);
                head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
                const string name = "content-length: ";
                var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase) + name.Length;
                length = long.Parse(text.AsSpan(at, text.IndexOf('\r', at) - at), CultureInfo.InvariantCulture);
            }

            total += read;
        }

        return total == head + length ? total : throw new InvalidOperationException($"{total} bytes instead of {head + length}");
    }
}
