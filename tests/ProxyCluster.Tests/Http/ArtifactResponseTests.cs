using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProxyCluster.Http;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Http;

/// <summary>A file as it goes out, to a client that does what the test says.</summary>
public sealed class ArtifactResponseTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // The server notices by itself too, but perhaps only after it has counted the bytes.
    [Fact]
    public async Task Copy_WhoseClientHasLeft_EndsTheRequestAndIsNoTooShortAnswer()
    {
        await File.WriteAllBytesAsync(_scratch["zip"], new byte[1 << 20], TestContext.Current.CancellationToken);
        using var file = File.OpenHandle(_scratch["zip"]);
        var client = new Client();
        await client.Answer.Reader.CompleteAsync();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(client);
        context.Features.Set<IHttpRequestLifetimeFeature>(client);
        var sent = 0L;

        // Headers and figures are set by others.
        await new ArtifactResponse(null!, Options.Create(new HttpOptions()), null!, TimeProvider.System).CopyAsync(
            context, file, 0, 1 << 20, chunk => sent += chunk, TestContext.Current.CancellationToken);

        Assert.Equal((0, true), (sent, client.IsAborted));
    }

    private sealed class Client : IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
    {
        public System.IO.Pipelines.Pipe Answer { get; } = new();

        public bool IsAborted { get; private set; }

        public Stream Stream => Writer.AsStream();

        public PipeWriter Writer => Answer.Writer;

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
