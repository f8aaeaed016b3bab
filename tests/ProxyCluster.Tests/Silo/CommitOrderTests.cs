using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Silo;

/// <summary>Bytes, rename, directory, record last: seen at each flush, and with the power cut at each.</summary>
public class CommitOrderTests
{
    private static readonly SiloModule Module = SiloModule.Pack("example.com/lib", "v1.2.0");

    // What a commit flushes, and which of the version's files had their name by then.
    private static readonly string[] FirstCommit =
    [
        "file: ",
        "modules: ",
        "modules/example.com: ",
        "modules/example.com/lib: ",
        "modules/example.com/lib/@v: v1.2.0.mod",
        "file: v1.2.0.mod",
        "modules/example.com/lib/@v: v1.2.0.mod v1.2.0.record",
    ];

    [Fact]
    public async Task Commit_Flushes_BytesBeforeTheirNameAndTheRecordLast()
    {
        var flush = new WatchedFlush();
        await using var silo = await StartAsync(flush);
        Assert.Equal(200, (await silo.GetAsync(Module.Stem + ".mod")).Status);
        Assert.Equal(FirstCommit, flush.Seen);
        flush.Seen.Clear();
        Assert.Equal(200, (await silo.GetAsync(Module.Stem + ".zip")).Status);
        Assert.Equal(
            [
                "file: v1.2.0.mod v1.2.0.record",
                "modules/example.com/lib/@v: v1.2.0.mod v1.2.0.record v1.2.0.zip",
                "file: v1.2.0.mod v1.2.0.record v1.2.0.zip",
                "modules/example.com/lib/@v: v1.2.0.mod v1.2.0.record v1.2.0.zip",
            ],
            flush.Seen);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Commit_WhenAFlushFails_IsRefusedAndNothingIsVisible(int failing)
    {
        var flush = new WatchedFlush { FailAt = failing };
        await using var silo = await StartAsync(flush);
        var refused = await silo.GetAsync(Module.Stem + ".mod");
        Assert.Equal((503, "store-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        Assert.NotNull(refused["Retry-After"]);
        Assert.Contains("no space", refused.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Null(silo.RecordOf(Module));
        Assert.Equal(404, (await silo.GetAsync("/cached-only" + Module.Stem + ".mod")).Status);
        Assert.Empty(silo.TemporaryFiles());

        flush.FailAt = null;
        Assert.Equal(Module.GoMod, (await silo.GetAsync(Module.Stem + ".mod")).Body);
    }

    [Fact]
    public void Directory_OnARealDisk_IsFlushedOrTheReasonIsGiven()
    {
        using var scratch = new TestKit.Processes.ScratchDirectory();
        new DiskFlush().Directory(scratch.Path);
        if (!OperatingSystem.IsWindows())
        {
            var missing = Assert.Throws<IOException>(() => new DiskFlush().Directory(scratch["nowhere"]));
            Assert.Contains("No such file", missing.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<TestSilo> StartAsync(WatchedFlush flush)
    {
        var silo = await TestSilo.StartAsync(services => services.AddSingleton<IFlush>(flush));
        silo.Add(Module);
        flush.Root = silo.Data;
        return silo;
    }

    private sealed class WatchedFlush : IFlush
    {
        public string Root { get; set; } = "";

        public int? FailAt { get; set; }

        public ConcurrentQueue<string> Seen { get; } = new();

        public void File(SafeFileHandle file) => See("file");

        public void Directory(string path) => See(Path.GetRelativePath(Root, path));

        private void See(string what)
        {
            var versions = Path.Combine(Root, "modules/example.com/lib/@v");
            var names = System.IO.Directory.Exists(versions) ? System.IO.Directory.GetFiles(versions).Select(Path.GetFileName) : [];
            Seen.Enqueue($"{what}: {string.Join(' ', names.Order(StringComparer.Ordinal))}");
            if (Seen.Count - 1 == FailAt)
                throw new IOException("No space left on device", 28);
        }
    }
}
