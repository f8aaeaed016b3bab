using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Copies;

public sealed class HolderSearchTests
{
    [Fact]
    public void Places_ThreeRegions_AreTheNextOfOurOwnAndTheOwnerOfEachOther()
    {
        ImmutableArray<Member> members = [.. from region in (string[])["tokyo", "frankfurt", "sanjose"] from number in (int[])[1, 2, 3] select Silo(region, number)];
        var view = new ClusterView(members, RoutingTable.Empty);
        foreach (var key in Enumerable.Range(0, 50).Select(static n => $"example.com/m{n}@v1.0.0"))
        {
            var own = RegionalOwner.For(key, "tokyo", view);
            var others = OwnerOrder.OtherRegions(key, "tokyo", view).Select(region => RegionalOwner.For(key, region, view)[0]).ToList();
            Assert.Equal(2, others.Count);

            Assert.Equal([own[1], .. others], HolderSearch.Places(key, own[0], view));
            Assert.Equal([own[0], .. others], HolderSearch.Places(key, own[2], view));
        }
    }

    [Fact]
    public void Places_Alone_AreNone()
    {
        var silo = Silo("tokyo", 1);
        Assert.Empty(HolderSearch.Places("example.com/m@v1.0.0", silo, new ClusterView([silo], RoutingTable.Empty)));
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        foreach (var kinds in (ArtifactKind[][])[[], [ArtifactKind.Mod], [ArtifactKind.Info, ArtifactKind.Mod, ArtifactKind.Zip]])
            Assert.Equal(kinds, HolderSearch.Read(HolderSearch.Write(kinds)));
        Assert.Equal([ArtifactKind.Zip], HolderSearch.Read("sbom\nzip\nzippy\n"));
    }

    private static Member Silo(string region, int number) => new($"{region}-{number}", region, new Uri($"http://{region}-{number}:8080"), Role.Silo, "1");
}
