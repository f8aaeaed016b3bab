using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;

namespace ProxyCluster.Tests.Lines;

/// <summary>Somebody who listens where a member is expected and answers each connection with the bytes of a script.</summary>
internal sealed class RawListener : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    /// <summary>Answers the n-th call, counted from 1, with what the script gives for it, and closes the connection.</summary>
    public RawListener(Func<int, byte[]> script)
    {
        _listener.Start();
        Member = new Member("a", "tokyo", new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"), Role.Silo, "");
        _serving = ServeAsync(script);
    }

    public Member Member { get; }

    /// <summary>By whose clock each call was signed.</summary>
    public ConcurrentQueue<DateTimeOffset> Signed { get; } = new();

    /// <summary>The first line of each call.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public static byte[] Http(string status, string headers = "", string body = "") =>
        Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\n{headers}{(headers.Length > 0 ? "\r\n" : "")}\r\n{body}");

    private async Task ServeAsync(Func<int, byte[]> script)
    {
        for (var call = 1; ; call++)
        {
            try
            {
                using var socket = await _listener.AcceptSocketAsync(_end.Token);
                await using var stream = new NetworkStream(socket);
                using var reader = new StreamReader(stream, Encoding.ASCII);
                var isFirst = true;
                while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 } line)
                {
                    if (isFirst)
                        Lines.Enqueue(line);
                    isFirst = false;
                    if (line.StartsWith(PeerSignature.Header, StringComparison.OrdinalIgnoreCase)
                        && PeerSignature.TryParse(line[(line.IndexOf(':') + 2)..], out var signature))
                        Signed.Enqueue(DateTimeOffset.FromUnixTimeMilliseconds(signature.UnixMilliseconds));
                }

                await stream.WriteAsync(script(call), _end.Token);
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // The caller had enough of this answer.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _listener.Dispose();
        _end.Dispose();
    }
}
