using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Storage;

/// <summary>Registers the data directory, the store on it the memory in front of it, and the region's shared store.</summary>
internal static class StorageRegistration
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddRoomOptions<StorageOptions>(StorageOptions.Section);
        services.AddSingleton(s => new DataTree(s.GetRequiredService<IOptions<StorageOptions>>().Value.Data));
        services.AddSingleton<HotCache>();
        services.AddSingleton<StoreTotals>();
        services.AddSingleton<DiskStore>();
        services.AddSingleton<StoreVerification>();
        services.AddSingleton<IValidateOptions<StorageOptions>, BlobStoreOptionsValidation>();
        services.AddSingleton<RegionalStore>();
        services.AddSingleton<SharedWrites>();
        services.AddHostedService<DataDirectory>();
        services.AddHostedService(static s => s.GetRequiredService<StoreTotals>());
        services.AddHostedService<Scrubber>();
        services.AddHostedService(static s => s.GetRequiredService<SharedWrites>());
        return services;
    }
}
