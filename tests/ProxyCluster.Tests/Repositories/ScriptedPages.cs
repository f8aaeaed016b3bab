using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Pages of hosts that are not there, for whoever asks for them over https in this process.</summary>
internal sealed class ScriptedPages(Func<string, string?> page) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var url = request.RequestUri!;
        Assert.Equal("https", url.Scheme);
        var text = page(url.Host + url.AbsolutePath.TrimEnd('/'));
        return Task.FromResult(new HttpResponseMessage(text is null ? HttpStatusCode.NotFound : HttpStatusCode.OK) { Content = new StringContent(text ?? "") });
    }
}

/// <summary>The same pages over plain http, for a process that is told to use this as its proxy.</summary>
internal sealed class PlainProxy(Func<string, string?> page) : LoopbackProxy
{
    protected override async Task AnswerAsync(NetworkStream client)
    {
        using var reader = new StreamReader(client, leaveOpen: true);
        var request = await reader.ReadLineAsync() ?? "";
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        var text = request.Split(' ') is ["GET", var target, ..] && Uri.TryCreate(target, UriKind.Absolute, out var url)
            ? page(url.Host + url.AbsolutePath.TrimEnd('/'))
            : null;
        var status = text is null ? "404 Not Found" : "200 OK";
        await client.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {Encoding.UTF8.GetByteCount(text ?? "")}\r\nConnection: close\r\n\r\n{text}"));
    }
}
