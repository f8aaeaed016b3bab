using System.Collections.Concurrent;
using System.Net;
using Azure.Core.Pipeline;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>
/// Sends requests over the network, save for those that its script has something to say about; each entry counts once.
/// </summary>
internal sealed class ScriptedHandler() : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly List<(Func<HttpRequestMessage, bool> Matches, Func<Func<Task<HttpResponseMessage>>, Task<HttpResponseMessage>> Answer)> _script = [];

    /// <summary>Every request: method, URL, headers, and when it came.</summary>
    public ConcurrentQueue<(HttpMethod Method, Uri Uri, HttpRequestMessage Request, long Timestamp)> Seen { get; } = new();

    /// <summary>Entries that nothing has met yet.</summary>
    public int Left
    {
        get
        {
            lock (_script)
                return _script.Count;
        }
    }

    public HttpPipelineTransport Transport => new HttpClientTransport(this);

    /// <summary>Answers the next request itself.</summary>
    public ScriptedHandler Answer(HttpStatusCode status, string? retryAfter = null, string header = "Retry-After", string body = "") => When(
        static _ => true,
        _ =>
        {
            var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
            if (retryAfter is not null)
                response.Headers.TryAddWithoutValidation(header, retryAfter);
            return Task.FromResult(response);
        });

    /// <summary>Fails the way a socket does, before anything was sent.</summary>
    public ScriptedHandler BreakBefore(Func<HttpRequestMessage, bool> matches) => When(matches, static _ => throw Reset());

    /// <summary>Sends the request, and loses the answer.</summary>
    public ScriptedHandler BreakAfter(Func<HttpRequestMessage, bool> matches) => When(matches, static async send =>
    {
        (await send()).Dispose();
        throw Reset();
    });

    /// <summary>Breaks the answer's body off, or ends it as if that were all.</summary>
    public ScriptedHandler BreakBody(Func<HttpRequestMessage, bool> matches, int after, bool quietly = false) => When(matches, async send =>
    {
        var response = await send();
        var length = response.Content.Headers.ContentLength;
        var content = new StreamContent(new BrokenStream(await response.Content.ReadAsStreamAsync(), after, quietly), 1 << 10);
        content.Headers.ContentLength = length;
        response.Content = content;
        return response;
    });

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Seen.Enqueue((request.Method, request.RequestUri!, request, TimeProvider.System.GetTimestamp()));
        Func<Func<Task<HttpResponseMessage>>, Task<HttpResponseMessage>>? answer = null;
        lock (_script)
        {
            var at = _script.FindIndex(entry => entry.Matches(request));
            if (at >= 0)
            {
                answer = _script[at].Answer;
                _script.RemoveAt(at);
            }
        }

        return answer is null ? base.SendAsync(request, cancellationToken) : answer(() => base.SendAsync(request, cancellationToken));
    }

    private ScriptedHandler When(
        Func<HttpRequestMessage, bool> matches, Func<Func<Task<HttpResponseMessage>>, Task<HttpResponseMessage>> answer)
    {
        lock (_script)
            _script.Add((matches, answer));
        return this;
    }

    private static HttpRequestException Reset() => new("the connection was reset");

    private sealed class BrokenStream(Stream inner, int left, bool quietly) : Stream
    {
        private int _left = left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0)
                return quietly ? 0 : throw new IOException("the connection was reset");
            var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
