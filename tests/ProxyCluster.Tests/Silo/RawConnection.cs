using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.Tests.Silo;

/// <summary>
/// One connection to a silo that sends exactly the bytes it is given: HTTP clients tidy request targets up, and the point
/// here is what happens to untidy ones.
/// </summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;

    private RawConnection(Socket socket)
    {
        _socket = socket;
        _stream = new BufferedStream(new NetworkStream(socket, ownsSocket: true), 16384);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Connects; <paramref name="receiveBuffer"/> bounds what the kernel takes in while nobody reads.</summary>
    public static async Task<RawConnection> OpenAsync(IPEndPoint address, int? receiveBuffer = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size)
            socket.ReceiveBufferSize = size;
        await socket.ConnectAsync(address, Cancellation);
        return new RawConnection(socket);
    }

    /// <summary>A request's head with a Host line and what else is given.</summary>
    public static string Head(string method, string target, params string[] headers) =>
        $"{method} {target} HTTP/1.1\r\nHost: proxy.test\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n";

    /// <summary>Sends text, one byte for each character below U+0100.</summary>
    public async Task SendAsync(string text)
    {
        await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), Cancellation);
        await _stream.FlushAsync(Cancellation);
    }

    /// <summary>Sends a request and reads its answer.</summary>
    public async Task<RawAnswer> AskAsync(string method, string target, params string[] headers)
    {
        await SendAsync(Head(method, target, headers));
        return await ReadAnswerAsync(method == "HEAD");
    }

    /// <summary>Reads one answer.</summary>
    public async Task<RawAnswer> ReadAnswerAsync(bool toHead = false)
    {
        var answer = await ReadHeadAsync();
        if (toHead || answer.Status is 304 or 204)
            return answer;

        var body = new MemoryStream();
        if (answer["Content-Length"] is { } length)
        {
            var bytes = new byte[long.Parse(length, CultureInfo.InvariantCulture)];
            await _stream.ReadExactlyAsync(bytes, Cancellation);
            return answer with { Body = bytes };
        }

        if (answer["Transfer-Encoding"] == "chunked")
        {
            while (int.Parse(await ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
            {
                var chunk = new byte[size];
                await _stream.ReadExactlyAsync(chunk, Cancellation);
                body.Write(chunk);
                await ReadLineAsync();
            }

            await ReadLineAsync();
            return answer with { Body = body.ToArray() };
        }

        await _stream.CopyToAsync(body, Cancellation);
        return answer with { Body = body.ToArray() };
    }

    /// <summary>Reads the status line and the headers, and nothing of a body.</summary>
    public async Task<RawAnswer> ReadHeadAsync()
    {
        var status = (await ReadLineAsync()).Split(' ', 3);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());

            // The only one that may come twice, a line for each way to log in.
            if (name == "WWW-Authenticate" && headers.Remove(name, out var before))
                value = $"{before}, {value}";
            headers.Add(name, value);
        }

        return new RawAnswer(int.Parse(status[1], CultureInfo.InvariantCulture), headers, []);
    }

    /// <summary>Reads up to so many bytes of a body; fewer only at the end of the connection.</summary>
    public async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        var read = await _stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, Cancellation);
        return bytes[..read];
    }

    /// <summary>Reads so many bytes of a body and forgets them.</summary>
    public async Task SkipAsync(long count)
    {
        var buffer = new byte[1 << 16];
        while (count > 0)
        {
            var read = await _stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), Cancellation);
            if (read == 0)
                throw new EndOfStreamException($"the connection ended {count} bytes early");
            count -= read;
        }
    }

    /// <summary>Reads to the end; gives the number of bytes, and whether the end was an orderly one.</summary>
    public async Task<(long Bytes, bool IsOrderly)> ReadToEndAsync()
    {
        var bytes = 0L;
        var buffer = new byte[65536];
        try
        {
            for (int read; (read = await _stream.ReadAsync(buffer, Cancellation)) > 0;)
                bytes += read;
            return (bytes, true);
        }
        catch (IOException)
        {
            return (bytes, false);
        }
    }

    /// <summary>Leaves without a word: a TCP reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            if (await _stream.ReadAsync(one, Cancellation) == 0)
                throw new EndOfStreamException($"the connection ended after \"{line}\"");
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }
    }
}
