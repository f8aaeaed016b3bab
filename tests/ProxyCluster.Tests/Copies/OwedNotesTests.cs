using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Copies;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Storage;

namespace ProxyCluster.Tests.Copies;

public sealed class OwedNotesTests
{
    [Fact]
    public async Task ReadAll_PipeAmongTheNotes_IsLeftThereWithoutAWait()
    {
        await using var site = new DiskSite();
        var notes = new OwedNotes(site.Tree.OwedToRegions, site.Tree, site.Disk, NullLogger<OwedNotes>.Instance);
        var pipe = Path.Combine(site.Tree.OwedToRegions, "pipe");
        await Pipe.ReplaceAsync(pipe);
        Assert.Empty(await Pipe.ReadAsync(pipe, () => notes.ReadAll().ToList()));
        Assert.True(File.Exists(pipe));
    }
}
