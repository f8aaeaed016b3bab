using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
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
    public BlobContainerClient Client => OpenClient(Options());

    public BlobNames Names { get; } = new("team/a");

    public ProxyMetrics Metrics => _services.GetRequiredService<ProxyMetrics>();

    public static async Task<BlobSite> OpenAsync(AzuriteProcess azurite)
    {
        var site = new BlobSite(azurite);
        var check = await ContainerCheck.RunAsync(
            (BlobStore)site.Store, site.Options(), TimeProvider.System, TestContext.Current.CancellationToken);
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

    public static BlobContainerClient OpenClient(BlobStoreOptions options, HttpPipelineTransport? transport = null)
    {
        Assert.True(BlobLocation.TryParse(options, out var location, out var error), error);
        return location.Open(transport);
    }

    public BlobStore OpenStore(BlobStoreOptions options, HttpPipelineTransport? transport = null) =>
        new(OpenClient(options, transport), options, Rulings, Metrics, NullLogger<BlobStore>.Instance);

    public override Task LeaveBytesAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes) =>
        WriteAsync(Names.Artifact(module, kind, Digest.Of(bytes)), bytes);

    public override Task LoseBytesAsync(ModuleRecord record, ArtifactKind kind) => Client.DeleteBlobAsync(
        Names.Artifact(record.Module, kind, record.ArtifactOrNull(kind)!.Sha256), cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Puts other bytes in the place of an artifact's.</summary>
    public Task ReplaceBytesAsync(ModuleRecord record, ArtifactKind kind, byte[] bytes) =>
        WriteAsync(Names.Artifact(record.Module, kind, record.ArtifactOrNull(kind)!.Sha256), bytes);

    /// <summary>The entity tag of an artifact's bytes: another one after every write.</summary>
    public async Task<string> TagOfAsync(ModuleRecord record, ArtifactKind kind)
    {
        var name = Names.Artifact(record.Module, kind, record.ArtifactOrNull(kind)!.Sha256);
        var found = await Client.GetBlobClient(name).GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken);
        return found.Value.ETag.ToString();
    }

    /// <summary>Writes a blob, whatever is there.</summary>
    public Task WriteAsync(string name, byte[] bytes) =>
        Client.GetBlockBlobClient(name).UploadAsync(new MemoryStream(bytes), null, TestContext.Current.CancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await base.DisposeAsync();
    }
}
