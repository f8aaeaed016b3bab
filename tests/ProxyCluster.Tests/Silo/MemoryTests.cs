using System.IO.Compression;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>The heap is one for the whole process, so nothing else may run beside these.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public class AloneCollection;

/// <summary>Design rule 6: memory does not grow with the size of what is streamed.</summary>
[Collection(nameof(AloneCollection))]
public class MemoryTests
{
    private const long ZipBytes = 200 << 20;

    // A few pooled buffers for each request, with room for what the pools and the server keep. A zip in memory, or half
    // of one, is far beyond it.
    private const long MayGrow = 48 << 20;

    // All that is allocated meanwhile, by everybody: silos of tests before this one may still be on their way out.
    private const long MayAllocate = ZipBytes / 2;

    private const string Stem = "/example.com/huge/@v/v1.0.0";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_OfAZipOf200Megabytes_KeepsTheHeapSmall()
    {
        using var scratch = new ScratchDirectory();
        var zip = WriteZip(scratch["huge.zip"]);
        await using var silo = await TestSilo.StartAsync(("Verification:SumDb", "off"));
        var before = Heap();

        // 1. Cold: measured while half of it is on its way from upstream.
        var whileFetching = 0L;
        silo.Upstream.Faults.Always(Stem + ".zip", Fault.Answer("stream", async exchange =>
        {
            await exchange.WriteHeadAsync(200, zip.Length, "application/zip");
            await using var file = zip.OpenRead();
            var buffer = new byte[1 << 16];
            for (int read; (read = await file.ReadAsync(buffer, exchange.Stopped)) > 0;)
            {
                await exchange.WriteAsync(buffer.AsMemory(0, read));
                if (whileFetching == 0 && file.Position > zip.Length / 2)
                    whileFetching = Heap();
            }
        }));
        var whileSendingMiss = await DownloadAsync(silo, 1, "MISS");
        Assert.InRange(whileFetching - before, long.MinValue, MayGrow);
        Assert.InRange(whileSendingMiss - before, long.MinValue, MayGrow);

        // 2. Hits: measured while half of it is on its way to each of several clients, whose pace holds it back.
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var whileSendingHit = await DownloadAsync(silo, 1, "HIT");
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - allocated, 0, MayAllocate);
        Assert.InRange(whileSendingHit - before, long.MinValue, MayGrow);
        Assert.InRange(await DownloadAsync(silo, 8, "HIT") - before, long.MinValue, MayGrow);
        Assert.Equal(1, silo.Upstream.Requests(Stem + ".zip"));
    }

    // Downloads it so many times side by side; gives the heap when all of them are halfway.
    private static async Task<long> DownloadAsync(TestSilo silo, int times, string cache)
    {
        var connections = new List<RawConnection>();
        try
        {
            var length = 0L;
            for (var i = 0; i < times; i++)
            {
                connections.Add(await RawConnection.OpenAsync(silo.Address));
                await connections[i].SendAsync(RawConnection.Head("GET", Stem + ".zip"));
                var head = await connections[i].ReadHeadAsync();
                Assert.Equal((200, cache), (head.Status, head["X-Cache"]));
                length = long.Parse(head["Content-Length"]!, System.Globalization.CultureInfo.InvariantCulture);
                Assert.InRange(length, ZipBytes, long.MaxValue);
            }

            await Task.WhenAll(connections.Select(connection => connection.SkipAsync(length / 2)));
            var heap = Heap();
            await Task.WhenAll(connections.Select(connection => connection.SkipAsync(length - length / 2)));
            return heap;
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    // What is alive, the large object heap included.
    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);

    private static FileInfo WriteZip(string path)
    {
        var block = new byte[1 << 20];
        new Random(1).NextBytes(block);
        using (var archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using (var goMod = archive.CreateEntry("example.com/huge@v1.0.0/go.mod", CompressionLevel.NoCompression).Open())
                goMod.Write("module example.com/huge\n"u8);
            using var blob = archive.CreateEntry("example.com/huge@v1.0.0/blob", CompressionLevel.NoCompression).Open();
            for (var written = 0L; written < ZipBytes; written += block.Length)
                blob.Write(block);
        }

        return new FileInfo(path);
    }
}
