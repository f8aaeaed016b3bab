using ProxyCluster.TestKit.Azurite;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>One Azurite for all tests that need no more of it than a container of their own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    internal AzuriteProcess Azurite { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Azurite = await AzuriteProcess.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (Azurite is not null)
            await Azurite.DisposeAsync();
    }
}

/// <summary>Shares the fixture.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<AzuriteFixture>
{
    public const string Name = "azurite";
}
