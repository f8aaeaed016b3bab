using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

public sealed class HotCacheTests
{
    private readonly HotCache _cache = new(Options.Create(new StorageOptions { MemoryBytes = 1 << 20 }));

    [Fact]
    public void Add_BurstIntoAFullCache_KeepsEveryNewEntry()
    {
        for (var i = 0; i < 5000; i++)
        {
            _cache.Add(Key(i), Entry(new byte[4096]));
            Assert.NotNull(_cache.FindOrNull(Key(i)));
        }
    }

    [Fact]
    public void Add_FloodOfSmallOnes_LeavesWhatIsKnownOfLargeFiles()
    {
        _cache.Add("large", Entry(null));
        for (var i = 0; i < 5000; i++)
            _cache.Add(Key(i), Entry(new byte[4096]));

        Assert.NotNull(_cache.FindOrNull("large"));
        Assert.Null(_cache.FindOrNull(Key(0)));
    }

    [Fact]
    public void Add_NoMemoryForBytes_StillRemembersLargeFiles()
    {
        var cache = new HotCache(Options.Create(new StorageOptions { MemoryBytes = 0 }));
        cache.Add("small", Entry([]));
        cache.Add("large", Entry(null));

        Assert.Null(cache.FindOrNull("small"));
        Assert.NotNull(cache.FindOrNull("large"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Add_EntryOfTheOtherSort_TakesThePlaceOfTheOld(bool bodyFirst)
    {
        _cache.Add("key", Entry(bodyFirst ? [1] : null));
        var weight = _cache.Bytes;
        _cache.Add("key", Entry(bodyFirst ? null : [1]));

        Assert.Equal(bodyFirst, _cache.FindOrNull("key")!.Body is null);
        Assert.Equal(weight, _cache.Bytes + (bodyFirst ? 1 : -1));
        _cache.Remove("key");
        Assert.Null(_cache.FindOrNull("key"));
        Assert.Equal(0, _cache.Bytes);
    }

    [Fact]
    public void Weight_OfAnEntry_CountsBytesAndStrings()
    {
        var light = Entry([]).Weight;

        Assert.Equal(light + 1000, Entry(new byte[1000]).Weight);
        Assert.Equal(light + 2000, Entry([], file: new string('f', 1001)).Weight);
    }

    private static string Key(int i) => $"example.com/m/@v/v1.0.{i}.mod";

    private static HotArtifact Entry(byte[]? body, string file = "f") =>
        new(StoreSite.Proposal(StoreSite.Module(), ArtifactKind.Mod, body ?? [], "h1:a").Mod!, ArtifactKind.Mod, file, default, body);
}
