using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Tests.Storage;

public sealed class StoreIndexTests : IAsyncLifetime
{
    private const string Stem = "example.com/a/@v/v1.0.0";

    private readonly DiskSite _site = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public void Found_WhatWentAfterTheWalkHadListedIt_IsNotCounted()
    {
        _site.Index.Gone(Stem + ".zip", ArtifactKind.Zip);
        _site.Index.Found(Stem, ArtifactKind.Zip, 1000, 1);
        _site.Index.Found(Stem, ArtifactKind.Mod, 10, 1);

        Assert.Equal(10, _site.Index.Bytes);
    }

    [Fact]
    public void Taken_OfSmallFiles_IsWholeBlocks()
    {
        _site.Index.Stored(Stem + ".mod", ArtifactKind.Mod, 1);
        Assert.Equal(4096, _site.Index.Taken);
        _site.Index.Stored(Stem + ".zip", ArtifactKind.Zip, 4097);
        Assert.Equal(3 * 4096, _site.Index.Taken);
        _site.Index.Stored(Stem + ".zip", ArtifactKind.Zip, 4096);
        Assert.Equal(2 * 4096, _site.Index.Taken);
        Assert.Equal(4096, _site.Index.Gone(Stem + ".mod", ArtifactKind.Mod));
        Assert.Equal(4096, _site.Index.Taken);
    }

    [Fact]
    public void Found_WhatWasStoredDuringTheWalk_IsCountedOnce()
    {
        _site.Index.Gone(Stem + ".zip", ArtifactKind.Zip);
        _site.Index.Stored(Stem + ".zip", ArtifactKind.Zip, 500);
        _site.Index.Found(Stem, ArtifactKind.Zip, 1000, 1);

        Assert.Equal(500, _site.Index.Bytes);
    }
}
