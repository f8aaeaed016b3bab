using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Storage.Blobs;

namespace ProxyCluster.Tests.Copies;

/// <summary>Every lie that a region's shared store may hold.</summary>
[Trait("Needs", "azurite")]
[Collection(AzuriteCollection.Name)]
public sealed class SharedLiesTests(SharedLiesTests.Shared shared) : CopyLies, IClassFixture<SharedLiesTests.Shared>
{
    [Theory]
    [MemberData(nameof(Table))]
    public Task Fill_FromAStoreThatHoldsALie_NothingFalseBecomesOurs(string lie, ArtifactKind kind) => shared.CheckAsync(lie, kind);

    /// <summary>A silo and its region's store.</summary>
    public sealed class Shared(AzuriteFixture fixture) : IAsyncLifetime
    {
        private RegionSite _region = null!;
        private RegionSite.Silo _victim = null!;
        private ModuleRecord _true = null!;

        public async ValueTask InitializeAsync()
        {
            _region = await RegionSite.OpenAsync(fixture.Azurite);
            var maker = await _region.StartSiloAsync();
            foreach (var kind in Enum.GetValues<ArtifactKind>())
                await maker.GetAsync(_region.Sample.Module, kind);
            _true = maker.Disk.FindRecordOrNull(_region.Sample.Module)!;
            await _region.EndAsync(maker);
            (string, string)[] settings = [MirroredSetting, ("Storage:Blob:RestAfterFailure", "0s"), ("Storage:Blob:WriteMode", "background")];
            _victim = await _region.StartSiloAsync(null, settings);
        }

        internal async Task CheckAsync(string lie, ArtifactKind kind)
        {
            // What the one before handed over must not be taken for the lie.
            await Waiting.UntilAsync(() => _victim.Writes.Waiting == 0);
            await _region.Blobs.Store.DeleteAsync(_region.Sample.Module, Cancel);
            await CopyLies.CheckAsync(
                lie, kind, _region.Sample, _region.World.Modules[^1], _true, _victim.Host, _region.Blobs.Store.Name, null, async (record, bytes) =>
                {
                    await _region.PutAsync(record, kind, bytes);
                    return await _victim.Host.Services.GetRequiredService<SharedFill>()
                        .FillOrNullAsync(_region.Sample.Module, kind, Cancel) is not null;
                });
        }

        public ValueTask DisposeAsync() => _region.DisposeAsync();
    }
}
