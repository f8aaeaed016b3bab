using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.TestKit.Upstreams;

/// <summary>A request and the raw connection on which a fault may answer it in any way it likes.</summary>
public sealed class UpstreamExchange
{
    private readonly Socket _socket;
    private readonly Stream _stream;

    internal UpstreamExchange(UpstreamServer server, UpstreamCall call, Socket socket, Stream stream, CancellationToken stopped)
    {
        Server = server;
        Call = call;
        _socket = socket;
        _stream = stream;
        Stopped = stopped;
    }

    /// <summary>The server.</summary>
    public UpstreamServer Server { get; }

    /// <summary>The request.</summary>
    public UpstreamCall Call { get; }

    /// <summary>Cancelled when the server stops.</summary>
    public CancellationToken Stopped { get; }

    /// <summary>False once the connection cannot carry another request.</summary>
    public bool KeepAlive { get; set; } = true;

    /// <summary>Sends bytes as they are.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes, Stopped);

    /// <summary>Sends the status line and headers; a null length leaves Content-Length out and ends the body by closing.</summary>
    public ValueTask WriteHeadAsync(int status, long? length, string? contentType, params IEnumerable<(string Name, string Value)> headers)
    {
        var head = new StringBuilder($"HTTP/1.1 {status} {Reason(status)}\r\nDate: {Server.Time.GetUtcNow():R}\r\n");
        if (contentType is not null)
            head.Append($"Content-Type: {contentType}\r\n");
        foreach (var (name, value) in headers)
            head.Append($"{name}: {value}\r\n");
        if (length is not null)
            head.Append($"Content-Length: {length}\r\n");
        else
            KeepAlive = false;
        if (!KeepAlive)
            head.Append("Connection: close\r\n");
        return WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
    }

    /// <summary>Sends a whole answer.</summary>
    public async Task AnswerAsync(int status, ReadOnlyMemory<byte> body, string? contentType, params IEnumerable<(string Name, string Value)> headers)
    {
        await WriteHeadAsync(status, body.Length, contentType, headers);
        if (!body.IsEmpty)
            await WriteAsync(body);
    }

    /// <summary>Sends what the server holds under a path, or 404, honouring conditional requests.</summary>
    public async Task AnswerFileAsync(string path)
    {
        if (Server.FindOrNull(path) is not { } file)
        {
            await AnswerAsync(404, Encoding.UTF8.GetBytes($"not found: {path.TrimStart('/')}\n"), "text/plain; charset=utf-8");
            return;
        }

        var headers = HeadersOf(file);
        var unchanged = (file.ETag is not null && Call.Header("If-None-Match") == file.ETag)
            || (file.LastModified is { } modified && Call.Header("If-Modified-Since") == modified.ToString("R"));
        if (unchanged)
            await WriteHeadAsync(304, 0, null, headers);
        else
            await AnswerAsync(200, file.Body, file.ContentType, headers);
    }

    /// <summary>The validators of a file as headers.</summary>
    public static IEnumerable<(string Name, string Value)> HeadersOf(UpstreamFile file)
    {
        if (file.ETag is not null)
            yield return ("ETag", file.ETag);
        if (file.LastModified is { } modified)
            yield return ("Last-Modified", modified.ToString("R"));
    }

    /// <summary>Closes with a TCP reset.</summary>
    public void Reset()
    {
        KeepAlive = false;
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    /// <summary>Completes when the client has closed its end, or the server stops.</summary>
    public async Task ClientGoneAsync()
    {
        KeepAlive = false;
        try
        {
            while (await _stream.ReadAsync(new byte[256], Stopped) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone is gone.
        }
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        304 => "Not Modified",
        404 => "Not Found",
        410 => "Gone",
        _ => "Status",
    };
}
