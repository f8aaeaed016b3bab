using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.EndToEnd.Fairness;

/// <summary>One connection of its own, which sends what it is told and reads only when it is told.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);

    public static async Task<RawClient> ConnectAsync(string url, CancellationToken cancel)
    {
        var client = new RawClient();
        var address = new Uri(url);
        await client._socket.ConnectAsync(IPAddress.Parse(address.Host), address.Port, cancel);
        return client;
    }

    /// <summary>The bytes of a GET.</summary>
    public static string Get(string path) => $"GET /{path} HTTP/1.1\r\nHost: proxy\r\n\r\n";

    public async Task SendAsync(string text, CancellationToken cancel) =>
        await _socket.SendAsync(Encoding.ASCII.GetBytes(text), cancel);

    /// <summary>Sends one text again and again and throws away what comes back, until cancelled.</summary>
    public async Task FloodAsync(string text, CancellationToken cancel)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var writing = Task.Run(async () =>
        {
            while (true)
                await _socket.SendAsync(bytes, cancel);
        }, CancellationToken.None);
        var reading = Task.Run(async () =>
        {
            var buffer = new byte[1 << 16];
            while (await _socket.ReceiveAsync(buffer, cancel) > 0)
            {
                // Thrown away.
            }
        }, CancellationToken.None);
        await Task.WhenAll(writing, reading);
    }

    /// <summary>Reads one answer that fits into memory, and gives its status.</summary>
    public async Task<int> ReadAnswerAsync(CancellationToken cancel)
    {
        var buffer = new byte[1 << 16];
        var filled = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(buffer.AsMemory(filled), cancel);
            Assert.NotEqual(0, read);
            filled += read;
            var text = Encoding.Latin1.GetString(buffer, 0, filled);
            var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            const string Length = "Content-Length: ";
            var at = text.IndexOf(Length, StringComparison.OrdinalIgnoreCase) + Length.Length;
            if (head > 3 && filled >= head + int.Parse(text[at..text.IndexOf('\r', at)], System.Globalization.CultureInfo.InvariantCulture))
                return int.Parse(text.AsSpan("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    public void Dispose() => _socket.Dispose();
}
