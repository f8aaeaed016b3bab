using System.Net;

namespace ProxyCluster.Tests.Clustering.Etcd;

/// <summary>
/// The connections of a process that can be frozen or cut off: frozen, nothing is sent and nothing is read until it thaws;
/// cut off, every request fails and running answers break.
/// </summary>
internal sealed class FreezableTransport(FreezableTime time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private CancellationTokenSource? _cut = new();

    public void Cut()
    {
        var cut = Interlocked.Exchange(ref _cut, null);
        cut?.Cancel();
    }

    public void Mend() => _cut = new CancellationTokenSource();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await time.Running;
        if (_cut is not { } cut)
            throw new HttpRequestException("cut by a test");
        var response = await base.SendAsync(request, cancellationToken);
        await time.Running;
        var body = new FreezableContent(await response.Content.ReadAsStreamAsync(cancellationToken), time, cut.Token);
        response.Content = body;
        return response;
    }

    private sealed class FreezableContent(Stream inner, FreezableTime time, CancellationToken cut) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new FreezableStream(inner, time, cut));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            await new FreezableStream(inner, time, cut).CopyToAsync(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class FreezableStream(Stream inner, FreezableTime time, CancellationToken cut) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cut);
            try
            {
                var read = await inner.ReadAsync(buffer, both.Token);
                await time.Running;
                return read;
            }
            catch (OperationCanceledException e) when (cut.IsCancellationRequested)
            {
                throw new IOException("cut by a test", e);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
