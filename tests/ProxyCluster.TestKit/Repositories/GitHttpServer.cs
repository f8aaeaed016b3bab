using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Repositories;

/// <summary>A git server over plain http: git's own http-backend, behind a login if need be.</summary>
public sealed class GitHttpServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _root;
    private readonly string? _authorization;
    private readonly string? _movedTo;

    /// <summary>Starts it.</summary>
    /// <param name="root">The directory whose repositories it serves.</param>
    /// <param name="authorization">The only <c>Authorization</c> that it takes; null for any.</param>
    /// <param name="movedTo">Where it redirects to instead of answering.</param>
    public GitHttpServer(string root, string? authorization = null, string? movedTo = null)
    {
        (_root, _authorization, _movedTo) = (root, authorization, movedTo);
        Url = $"http://127.0.0.1:{LoopbackPort.Free()}/";
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Its address, with a slash at the end.</summary>
    public string Url { get; }

    /// <summary>The logins of all requests, empty ones too.</summary>
    public ConcurrentQueue<string> Logins { get; } = new();

    /// <summary>How often each repository, by its path, was asked for objects.</summary>
    public ConcurrentDictionary<string, int> Fetches { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => _listener.Close();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // The end.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        Logins.Enqueue(request.Headers["Authorization"] ?? "");
        if (_movedTo is not null)
        {
            response.Redirect(_movedTo.TrimEnd('/') + request.RawUrl);
            response.Close();
        }
        else if (_authorization is not null && request.Headers["Authorization"] != _authorization)
        {
            response.StatusCode = 401;
            response.AddHeader("WWW-Authenticate", "Basic realm=\"git\"");
            response.Close();
        }
        else
        {
            await BackendAsync(request, response);
        }
    }

    private async Task BackendAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        var start = new ProcessStartInfo("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)
            [
                ("GIT_PROJECT_ROOT", _root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", request.Url!.AbsolutePath), ("QUERY_STRING", request.Url.Query.TrimStart('?')),
                ("REQUEST_METHOD", request.HttpMethod), ("CONTENT_TYPE", request.ContentType), ("HTTP_CONTENT_ENCODING", request.Headers["Content-Encoding"]),
                ("GIT_PROTOCOL", request.Headers["Git-Protocol"]), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("REMOTE_ADDR", "127.0.0.1"),
            ])
            start.Environment[name] = value ?? "";
        using var backend = Process.Start(start)!;
        using var body = new MemoryStream();
        await request.InputStream.CopyToAsync(body);
        if (Encoding.ASCII.GetString(body.GetBuffer(), 0, (int)Math.Min(body.Length, 64)).Contains("command=fetch", StringComparison.Ordinal))
            Fetches.AddOrUpdate(request.Url.AbsolutePath[1..^"/git-upload-pack".Length], 1, static (_, count) => count + 1);
        await backend.StandardInput.BaseStream.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        backend.StandardInput.Close();
        using var output = new MemoryStream();
        await backend.StandardOutput.BaseStream.CopyToAsync(output);
        var all = output.ToArray();
        var end = all.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(all, 0, end).Split("\r\n"))
        {
            if (line.StartsWith("Status: ", StringComparison.Ordinal))
                response.StatusCode = int.Parse(line.AsSpan(8, 3), System.Globalization.CultureInfo.InvariantCulture);
            else
                response.AddHeader(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        }

        await response.OutputStream.WriteAsync(all.AsMemory(end + 4));
        response.Close();
    }
}
