using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Silo;

/// <summary>A data directory on a file system that is mounted read-only: what is there is served.</summary>
public sealed class ReadOnlyDiskTests : IDisposable
{
    private const string List = "/example.com/lib/@v/list";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SmallDisk _disk = new(64);

    private string Data => Path.Combine(_disk.Path, "data");

    [Fact]
    public async Task Silo_OnAReadOnlyDisk_ServesWhatIsStoredAndSaysSo()
    {
        await using var silo = await FilledSilo.StartAsync(
            ("Storage:Data", Data), ("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        string[] stored = [FilledSilo.Lib.Stem + ".info", FilledSilo.Lib.Stem + ".mod", FilledSilo.Lib.Stem + ".zip", FilledSilo.Large.Stem + ".zip", List];
        foreach (var path in stored)
            Assert.Equal(200, (await silo.GetAsync(path)).Status);
        await silo.StopAsync();
        _disk.Remount(readOnly: true);
        await silo.StartAgainAsync();

        // 1. Hits, and what upstream says now.
        foreach (var path in stored)
            Assert.Equal(200, (await silo.GetAsync(path)).Status);
        var ready = await silo.GetAsync("/readyz");
        Assert.Equal(200, ready.Status);
        Assert.Contains("store: read-only: what is stored is served, and nothing new is kept\n", ready.Text, StringComparison.Ordinal);

        // 2. What is not there needs a place: an outage and no absence.
        var missing = await silo.GetAsync(FilledSilo.Second.Stem + ".zip");
        Assert.Equal((503, "store-unavailable"), (missing.Status, missing["X-ProxyCluster-Cause"]));

        // 3. Without upstream, and after another start, what the disk remembers of it.
        await silo.StopAsync();
        await silo.StartAgainAsync();
        silo.Upstream.StopListening();
        foreach (var path in stored)
            Assert.Equal(200, (await silo.GetAsync(path)).Status);
        Assert.Equal("STALE", (await silo.GetAsync(List))["X-Cache"]);
        Assert.Contains(silo.Log.Lines, static line => line.Contains("is read-only", StringComparison.Ordinal));
        Assert.DoesNotContain(silo.Log.Lines, static line => line.Contains("could not be stored", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_OnAnEmptyReadOnlyDisk_SaysWhatIsWrong()
    {
        _disk.Remount(readOnly: true);
        await using var process = ServeProcess.Start("--urls", "http://127.0.0.1:0", "--data", Data);
        Assert.Equal(1, await process.ExitAsync(Patience));
        var error = (await process.ErrorAsync()).Trim();
        Assert.StartsWith("proxycluster: ", error, StringComparison.Ordinal);
        Assert.Contains("ead-only file system", error, StringComparison.Ordinal);
        Assert.DoesNotContain("another process", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    public void Dispose() => _disk.Dispose();
}
