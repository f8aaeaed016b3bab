using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ProxyCluster.TestKit.Upstreams;

/// <summary>
/// A real HTTP/1.1 server on loopback that serves a GOPROXY tree from memory or a directory, counts every request and
/// misbehaves by script. It speaks over bare sockets because a web framework will not send half an answer, a reset or
/// nonsense when told to.
/// </summary>
/// <remarks>
/// Paths are those of the tree with a leading slash and <c>!</c> escapes (<c>/github.com/!azure/x/@v/list</c>); requests
/// may spell <c>!</c> as <c>%21</c>. Every connection lives until the client closes it, a fault ends it, or the server
/// stops; <see cref="StopListening"/> and <see cref="Listen"/> rehearse an outage at the same address.
/// </remarks>
public sealed class UpstreamServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, UpstreamFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<UpstreamCall> _calls = new();
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Socket, Task> _connections = new();
    private readonly List<(string Path, int Count, TaskCompletionSource Signal)> _waiters = [];
    private readonly Lock _waitersLock = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly X509Certificate2? _certificate;
    private readonly string? _directory;
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _port;
    private int _open;
    private int _mostOpen;

    private UpstreamServer(string? directory, bool tls, TimeProvider time)
    {
        _directory = directory is null ? null : Path.GetFullPath(directory);
        _certificate = tls ? CreateCertificate() : null;
        Time = time;
    }

    /// <summary>Base URL without a trailing slash: <c>http://127.0.0.1:12345</c>.</summary>
    public string Url => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{_port}";

    /// <summary>The faults.</summary>
    public UpstreamFaults Faults { get; } = new();

    /// <summary>The clock by which delays and drips wait.</summary>
    public TimeProvider Time { get; }

    /// <summary>Every request so far, in the order of arrival.</summary>
    public IReadOnlyCollection<UpstreamCall> Calls => _calls;

    /// <summary>Requests so far.</summary>
    public int TotalRequests => _calls.Count;

    /// <summary>The most connections that were open at one time.</summary>
    public int MostConnections => Volatile.Read(ref _mostOpen);

    /// <summary>Starts a server.</summary>
    /// <param name="directory">A tree to serve what is not in memory from, or null.</param>
    /// <param name="tls">True for https with a fresh self-signed certificate.</param>
    /// <param name="time">The clock for delays; null for the real one.</param>
    public static UpstreamServer Start(string? directory = null, bool tls = false, TimeProvider? time = null)
    {
        var server = new UpstreamServer(directory, tls, time ?? TimeProvider.System);
        server.Listen();
        return server;
    }

    /// <summary>Puts a file in memory, with the media type that its name asks for.</summary>
    public void Put(string path, ReadOnlyMemory<byte> body, string? etag = null, DateTimeOffset? lastModified = null) =>
        _files[path] = new UpstreamFile(body, ContentTypeOf(path), etag, lastModified);

    /// <summary>Puts a text file in memory.</summary>
    public void Put(string path, string body, string? etag = null, DateTimeOffset? lastModified = null) =>
        Put(path, Encoding.UTF8.GetBytes(body), etag, lastModified);

    /// <summary>Removes a file from memory.</summary>
    public void Remove(string path) => _files.TryRemove(path, out _);

    /// <summary>What the tree has under a path, faults aside, or null.</summary>
    public UpstreamFile? FindOrNull(string path)
    {
        if (_files.TryGetValue(path, out var file))
            return file;
        if (_directory is null || path.Contains("..", StringComparison.Ordinal))
            return null;

        var onDisk = Path.Combine(_directory, path.TrimStart('/'));
        return File.Exists(onDisk) ? new UpstreamFile(File.ReadAllBytes(onDisk), ContentTypeOf(path)) : null;
    }

    /// <summary>Requests of a path so far.</summary>
    public int Requests(string path) => _counts.GetValueOrDefault(path);

    /// <summary>Completes once a path was requested so often.</summary>
    public Task Requested(string path, int times = 1)
    {
        lock (_waitersLock)
        {
            if (Requests(path) >= times)
                return Task.CompletedTask;

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((path, times, signal));
            return signal.Task;
        }
    }

    /// <summary>The certificate of this server, which is its own authority.</summary>
    public string CertificatePem => _certificate!.ExportCertificatePem();

    /// <summary>True for the certificate of this server; what a client that trusts it asks.</summary>
    public bool IsCertificate(X509Certificate? certificate) => _certificate is not null && _certificate.Equals(certificate);

    /// <summary>Accepts connections, at the same port as before if there was one.</summary>
    public void Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, _port));
        listener.Listen(1024);
        _port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _listener = listener;
        _accepting = AcceptAsync(listener);
    }

    /// <summary>Refuses new connections and resets the open ones: the server is down.</summary>
    public void StopListening()
    {
        _listener?.Dispose();
        foreach (var socket in _connections.Keys)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
            }
            catch (ObjectDisposedException)
            {
                // Its client closed it in this moment.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        var connections = _connections.Values.ToList();
        foreach (var socket in _connections.Keys)
            socket.Dispose();
        await Task.WhenAll(connections);
        _certificate?.Dispose();
        _stopped.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(_stopped.Token);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }

            socket.NoDelay = true;
            var open = Interlocked.Increment(ref _open);
            for (var most = _mostOpen; open > most; most = _mostOpen)
                Interlocked.CompareExchange(ref _mostOpen, open, most);

            // Registered before it runs, so that a stop between the two still finds the socket.
            var done = new TaskCompletionSource();
            _connections[socket] = done.Task;
            _ = Task.Run(async () =>
            {
                await ServeAsync(socket);
                _connections.TryRemove(socket, out _);
                Interlocked.Decrement(ref _open);
                done.SetResult();
            });
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using var _ = socket;
            await using Stream stream = _certificate is null
                ? new NetworkStream(socket, ownsSocket: false)
                : new SslStream(new NetworkStream(socket, ownsSocket: false));
            if (stream is SslStream ssl)
                await ssl.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stopped.Token);

            var buffer = new byte[32768];
            var filled = 0;
            while (true)
            {
                int end;
                while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
                {
                    var read = filled == buffer.Length ? 0 : await stream.ReadAsync(buffer.AsMemory(filled), _stopped.Token);
                    if (read == 0)
                        return;
                    filled += read;
                }

                var call = Parse(Encoding.Latin1.GetString(buffer, 0, end));
                buffer.AsSpan((end + 4)..filled).CopyTo(buffer);
                filled -= end + 4;

                var exchange = new UpstreamExchange(this, call, socket, stream, _stopped.Token);
                exchange.KeepAlive = !string.Equals(call.Header("Connection"), "close", StringComparison.OrdinalIgnoreCase);
                Count(call);
                await AnswerAsync(exchange);
                if (!exchange.KeepAlive)
                {
                    // An orderly end: what was sent arrives, then the end of the stream.
                    if (stream is NetworkStream && socket.Connected)
                        socket.Shutdown(SocketShutdown.Send);
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException
            or System.Security.Authentication.AuthenticationException)
        {
            // Clients leave, faults cut connections and the server stops: all of it is what this server is for.
        }
    }

    private async Task AnswerAsync(UpstreamExchange exchange)
    {
        foreach (var fault in Faults.Take(exchange.Call.Path))
        {
            if (await fault.Act(exchange))
                return;
        }

        await exchange.AnswerFileAsync(exchange.Call.Path);
    }

    private void Count(UpstreamCall call)
    {
        _calls.Enqueue(call);
        List<TaskCompletionSource> reached = [];
        lock (_waitersLock)
        {
            var count = _counts.AddOrUpdate(call.Path, 1, static (_, n) => n + 1);
            foreach (var waiter in _waiters.Where(w => w.Path == call.Path && w.Count <= count).ToList())
            {
                _waiters.Remove(waiter);
                reached.Add(waiter.Signal);
            }
        }

        foreach (var signal in reached)
            signal.SetResult();
    }

    private static UpstreamCall Parse(string head)
    {
        var lines = head.Split("\r\n");
        var target = lines[0].Split(' ') is [_, var raw, ..] ? raw : "/";
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return new UpstreamCall(Uri.UnescapeDataString(target.Split('?')[0]), target, headers);
    }

    private static string ContentTypeOf(string path) => Path.GetExtension(path) switch
    {
        ".info" => "application/json",
        ".zip" => "application/zip",
        _ when path.EndsWith("/@latest", StringComparison.Ordinal) => "application/json",
        _ => "text/plain; charset=utf-8",
    };

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }
}
