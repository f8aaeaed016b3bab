using Azure.Core.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit.Azurite;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>A new container in an Azurite, and what reaches it: as many stores as a test wants, by the ways it wants.</summary>
internal sealed class BlobSite(AzuriteProcess azurite) : StoreSite
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();
    private BlobStore? _store;
    private BlobStore? _other;

    public string Container { get; } = $"test-{Guid.NewGuid():N}";

    public override IArtifactStore Store => _store ??= OpenStore(Options());

    public override IArtifactStore Other => _other ??= OpenStore(Options());

    /// <summary>A client of its own, for looking and for breaking things.</summary>
    public BlobClient Client => OpenClient(Options());

    public BlobNames Names { get; } = new("team/a");

    public ProxyMetrics Metrics => _services.GetRequiredService<ProxyMetrics>();

    public static async Task<BlobSite> OpenAsync(AzuriteProcess azurite)
    {
        var site = new BlobSite(azurite);
        var check = await ContainerCheck.RunAsync(
            site.Client, (BlobStore)site.Store, site.Options(), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal((ContainerState.Ready, true), (check.State, check.Sentence.Contains(site.Container, StringComparison.Ordinal)));
        return site;
    }

    /// <summary>Small blocks and pages, so that little data shows what much would.</summary>
    public BlobStoreOptions Options(string? endpoint = null, string key = AzuriteProcess.Key) => new()
    {
        ConnectionString = AzuriteProcess.ConnectionTo(endpoint ?? azurite.Endpoint, key),
        Container = Container,
        Prefix = "team/a",
        BlockBytes = 64 << 10,
        ListPage = 3,
        RetryPause = TimeSpan.FromMilliseconds(1),
        MaxRetryPause = TimeSpan.FromSeconds(2),
    };

    public static BlobClient OpenClient(BlobStoreOptions options, HttpPipelineTransport? transport = null)
    {
        Assert.True(BlobLocation.TryParse(options, out var location, out var error), error);
        return new BlobClient(BlobPipeline.Build(location, options, TimeProvider.System, transport), location.Container);
    }

    public BlobStore OpenStore(BlobStoreOptions options, HttpPipelineTransport? transport = null) =>
        new(OpenClient(options, transport), options, Metrics, NullLogger<BlobStore>.Instance);

    public override async Task LeaveBytesAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes) => Assert.True(
        (await Client.PutAsync(
            Names.Artifact(module, kind, Digest.Of(bytes)), bytes, BlobCondition.IfAbsent, TestContext.Current.CancellationToken)).IsSuccess);

    public override async Task LoseBytesAsync(ModuleRecord record, ArtifactKind kind) => Assert.True(
        (await Client.DeleteAsync(
            Names.Artifact(record.Module, kind, record.ArtifactOrNull(kind)!.Sha256), default, TestContext.Current.CancellationToken)).IsSuccess);

    /// <summary>Puts other bytes in the place of an artifact's.</summary>
    public async Task ReplaceBytesAsync(ModuleRecord record, ArtifactKind kind, byte[] bytes) => Assert.True(
        (await Client.PutAsync(
            Names.Artifact(record.Module, kind, record.ArtifactOrNull(kind)!.Sha256), bytes, default, TestContext.Current.CancellationToken))
        .IsSuccess);

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await base.DisposeAsync();
    }
}
