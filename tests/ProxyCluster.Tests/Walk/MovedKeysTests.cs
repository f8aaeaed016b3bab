using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Demo;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Walk;

/// <summary>Keys that change their owner because silos come and go: what somebody has stored is not fetched again.</summary>
public sealed class MovedKeysTests : IAsyncLifetime
{
    private PeerSite _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await PeerSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Silo_ThatJoins_CopiesWhatTheOwnerBeforeItStored()
    {
        await GetAllAsync(await _site.AddAsync("tokyo", Role.Silo));

        await GetAllAsync(await _site.AddAsync("tokyo", Role.Silo));

        AssertFetchedOnce();
    }

    [Fact]
    public async Task Silo_ThatDeparts_LeavesItsKeysToOneThatCopiesThemFromOtherRegions()
    {
        var first = await _site.AddAsync("tokyo", Role.Silo);
        var second = await _site.AddAsync("tokyo", Role.Silo);
        await GetAllAsync(await _site.AddAsync("frankfurt", Role.Silo));

        await _site.RemoveAsync(first);
        await GetAllAsync(second);

        AssertFetchedOnce();
    }

    [Fact]
    public async Task Silo_ThatDeparts_LeavesItsGrainsToOneThatCopiesThemToo()
    {
        WebApplication[] pair = [await _site.AddAsync("tokyo", Role.Silo), await _site.AddAsync("tokyo", Role.Silo)];
        await GetAllAsync(await _site.AddAsync("frankfurt", Role.Silo));
        var view = EngineOf(pair[0]).View;
        var owned = _site.World.Modules.ToLookup(packed => OwnerOrder.For(packed.Module.ToString(), view)[0].Id);
        var owner = pair.First(silo => owned.Contains(EngineOf(silo).Self!.Id));
        var (fallen, other) = (owned[EngineOf(owner).Self!.Id].ToList(), pair.First(silo => silo != owner));

        await _site.RemoveAsync(owner);
        foreach (var packed in fallen)
        {
            // As a grain whose notes are lost with the silo in which it lived.
            var had = await other.Services.GetRequiredService<ArtifactOwner>().HaveAsync(
                Ask.ForArtifact(packed.Module, ArtifactKind.Zip, AskLevel.Home, Door.Member, "grain"), static () => Task.FromResult<IEnumerable<Member>>([]), Cancel);
            Assert.Null(had.Failure);
        }

        AssertFetchedOnce();
    }

    private async Task GetAllAsync(WebApplication silo)
    {
        foreach (var packed in _site.World.Modules)
        {
            Assert.Equal(packed.Zip, await _site.Client.GetByteArrayAsync(new Uri(silo.Urls.First() + PathOf(packed)), Cancel));
        }
    }

    private static IEngine EngineOf(WebApplication silo) => silo.Services.GetRequiredService<IEngine>();

    private void AssertFetchedOnce() => Assert.All(_site.World.Modules, packed => Assert.Equal(1, _site.Fetches(PathOf(packed))));

    private static string PathOf(PackedModule packed) => $"/{packed.Module.Path.Escaped}/@v/{packed.Module.EscapedVersion}.zip";
}
