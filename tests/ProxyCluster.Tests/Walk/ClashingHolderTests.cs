using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Walk;

/// <summary>A holder has other bytes than are pinned here, from before somebody had the module version forgotten.</summary>
public sealed class ClashingHolderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Zip_OfAHolderThatClashesWithThePin_IsFetchedFromUpstreamInstead()
    {
        await using var site = await PeerSite.StartAsync();
        var module = site.Module.Module;
        var old = PackedModule.Pack(
            module,
            "2024-01-02T03:04:05Z",
            [ModuleFile.Of("go.mod", site.Module.GoMod), ModuleFile.Of("old.go", Encoding.UTF8.GetBytes("package old\n"))]);
        await using var before = UpstreamServer.Start();
        before.Put(site.Zip, old.Zip);
        before.Put(site.Zip.Replace(".zip", ".mod", StringComparison.Ordinal), old.GoMod);
        before.Put(site.Zip.Replace(".zip", ".info", StringComparison.Ordinal), old.Info);
        (string, string) unproven = ("Verification:SumDb", "off");
        var silo = await site.AddAsync("tokyo", Role.Silo, unproven);
        var holder = await site.AddAsync("frankfurt", Role.Silo, unproven, (SettingKeys.Upstreams, before.Url));
        await FetchAsync(holder);
        await FetchAsync(silo);

        // Evicted: the record stays, and with it the pin.
        File.Delete(silo.Services.GetRequiredService<DataTree>().ArtifactPath(module, ArtifactKind.Zip));
        var had = await silo.Services.GetRequiredService<ArtifactOwner>().HaveAsync(
            Zip(module), () => Task.FromResult<IEnumerable<Member>>([holder.Services.GetRequiredService<IEngine>().Self!]), Cancel);

        Assert.Null(had.Failure);
        Assert.Equal(2, site.Fetches(site.Zip));

        async Task FetchAsync(WebApplication where) =>
            Assert.Null((await where.Services.GetRequiredService<ArtifactOwner>().HaveAsync(Zip(module), Cancel)).Failure);
    }

    private static Ask Zip(ModuleVersion module) => Ask.ForArtifact(module, ArtifactKind.Zip, AskLevel.Home, Door.Member, "a test");
}
