using Microsoft.AspNetCore.Builder;
using ProxyCluster.Clustering;
using ProxyCluster.Demo;
using ProxyCluster.Tests.Lines;

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

    private async Task GetAllAsync(WebApplication silo)
    {
        foreach (var packed in _site.World.Modules)
        {
            Assert.Equal(packed.Zip, await _site.Client.GetByteArrayAsync(new Uri(silo.Urls.First() + PathOf(packed)), Cancel));
        }
    }

    private void AssertFetchedOnce() => Assert.All(_site.World.Modules, packed => Assert.Equal(1, _site.Fetches(PathOf(packed))));

    private static string PathOf(PackedModule packed) => $"/{packed.Module.Path.Escaped}/@v/{packed.Module.EscapedVersion}.zip";
}
