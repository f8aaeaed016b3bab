using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

public sealed class QuarantineTests : IAsyncLifetime
{
    private readonly DiskSite _site = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public void Take_AboveTheNumber_DeletesTheOldest()
    {
        var quarantine = Bounded(options => options.QuarantineMaxFiles = 3);
        for (var i = 0; i < 10; i++)
            Take(quarantine, i, 10);

        Assert.Equal(["v1.0.7", "v1.0.8", "v1.0.9"], Versions());
    }

    [Fact]
    public void Take_AboveTheBytes_DeletesTheOldest()
    {
        var quarantine = Bounded(options => options.QuarantineMaxBytes = 25);
        for (var i = 0; i < 4; i++)
            Take(quarantine, i, 10);

        Assert.Equal(["v1.0.2", "v1.0.3"], Versions());
    }

    [Fact]
    public void Take_OneThatIsLargerThanAllMayBe_KeepsIt()
    {
        var quarantine = Bounded(options => options.QuarantineMaxBytes = 25);
        Take(quarantine, 0, 10);
        Take(quarantine, 1, 100);

        Assert.Equal(["v1.0.1"], Versions());
    }

    [Fact]
    public void Take_FileThatIsNotThere_IsNull()
    {
        Assert.Null(Bounded(_ => { }).TakeOrNull(Path.Combine(_site.Tree.Modules, "nowhere", "v1.0.0.zip"), StoreSite.Module()));
    }

    [Fact]
    public void Take_LongestNames_FitTheFileSystem()
    {
        var longest = StoreSite.Module("example.com/" + new string('a', 200), "v1.0.0-" + new string('b', 200));
        Assert.True(DataTree.Fits(longest));
        var file = Path.Combine(_site.Tree.Temporary, "x.zip");
        File.WriteAllText(file, "");

        Assert.NotNull(Bounded(_ => { }).TakeOrNull(file, longest));
    }

    private Quarantine Bounded(Action<StorageOptions> bound)
    {
        var options = new StorageOptions();
        bound(options);
        return new Quarantine(_site.Tree, Options.Create(options), _site.Clock, NullLogger<Quarantine>.Instance);
    }

    private void Take(Quarantine quarantine, int i, int bytes)
    {
        var file = Path.Combine(_site.Tree.Temporary, "x.zip");
        File.WriteAllBytes(file, new byte[bytes]);
        Assert.NotNull(quarantine.TakeOrNull(file, StoreSite.Module(version: $"v1.0.{i}")));
        Assert.False(File.Exists(file));
        _site.Clock.Advance(TimeSpan.FromMilliseconds(1));
    }

    private IEnumerable<string> Versions() => _site.Aside().Select(name => name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..^4]);
}
