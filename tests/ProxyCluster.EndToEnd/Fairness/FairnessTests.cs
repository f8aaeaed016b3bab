using System.IO.Compression;
using System.Security.Cryptography;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Fairness;

/// <summary>
/// Hits are answered on the threads that wait for sockets, and there are no more of these than cores. So nothing that
/// takes long may run there: whatever becomes of a request, hits on other connections are answered meanwhile. Each test
/// keeps more requests busy than there are such threads and never lets them end before the hits are in.
/// </summary>
public sealed class FairnessTests : IAsyncLifetime
{
    private const string Hit = "example.com/small/@v/v1.0.0.info";
    private const string Big = "example.com/big/@v/v1.0.0.zip";
    private const int Connections = 32;

    private static readonly int Busy = (2 * Environment.ProcessorCount) + 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _scratch = new();
    private readonly UpstreamServer _upstream = UpstreamServer.Start();
    private ProxyProcess _proxy = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _upstream.Put("/" + Hit, """{"Version":"v1.0.0"}""");
        _upstream.Put("/" + Big, BigZip());
        _proxy = await ProxyProcess.StartAsync(
            new ProxySettings(_scratch["data"], _upstream.Url, "off") { NoChecksumDatabase = "example.com/*" });

        // Stored first, and in memory from the second answer on.
        await _proxy.Http.GetByteArrayAsync(Hit, Cancel);
        await _proxy.Http.GetByteArrayAsync(Hit, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _upstream.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Hits_ClientsDoNotReadTheirDownloads_AreAnswered()
    {
        await _proxy.Http.GetByteArrayAsync(Big, Cancel);
        var lazy = new List<RawClient>();
        try
        {
            for (var i = 0; i < Busy; i++)
            {
                lazy.Add(await RawClient.ConnectAsync(_proxy.Url, Cancel));
                await lazy[^1].SendAsync(RawClient.Get(Big), Cancel);
            }

            // All of them are being sent what they do not take; our own question is the one more.
            await Waiting.UntilAsync(async () => await _proxy.MetricAsync("proxycluster_request_active") >= Busy + 1, "all are being answered");
            await AssertHitsAreAnsweredAsync();
        }
        finally
        {
            lazy.ForEach(static client => client.Dispose());
        }
    }

    [Fact]
    public async Task Hits_ClientsAskForHitsWithoutEnd_AreAnswered()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var request = string.Concat(Enumerable.Repeat(RawClient.Get(Hit), 200));
        var greedy = new List<RawClient>();
        var floods = new List<Task>();
        try
        {
            for (var i = 0; i < Busy; i++)
            {
                greedy.Add(await RawClient.ConnectAsync(_proxy.Url, Cancel));
                floods.Add(greedy[^1].FloodAsync(request, enough.Token));
            }

            await AssertHitsAreAnsweredAsync();
            Assert.All(floods, static flood => Assert.False(flood.IsCompleted));
        }
        finally
        {
            await enough.CancelAsync();
            await Task.WhenAll(floods).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            greedy.ForEach(static client => client.Dispose());
        }
    }

    private async Task AssertHitsAreAnsweredAsync()
    {
        var clients = new List<RawClient>();
        try
        {
            for (var i = 0; i < Connections; i++)
                clients.Add(await RawClient.ConnectAsync(_proxy.Url, Cancel));
            var answers = clients.Select(async client =>
            {
                for (var i = 0; i < 10; i++)
                {
                    await client.SendAsync(RawClient.Get(Hit), Cancel);
                    Assert.Equal(200, await client.ReadAnswerAsync(Cancel));
                }
            });
            await Task.WhenAll(answers).WaitAsync(Patience, Cancel);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    // More than the kernel and the server buffer for a connection.
    private static byte[] BigZip()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var mod = new StreamWriter(zip.CreateEntry("example.com/big@v1.0.0/go.mod").Open());
            mod.Write("module example.com/big\n");
            mod.Dispose();
            using var entry = zip.CreateEntry("example.com/big@v1.0.0/data.bin", CompressionLevel.NoCompression).Open();
            entry.Write(RandomNumberGenerator.GetBytes(32 << 20));
        }

        return bytes.ToArray();
    }
}
