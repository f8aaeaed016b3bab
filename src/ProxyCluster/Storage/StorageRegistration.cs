using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Credentials;
using ProxyCluster.Rulings;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Verification;

namespace ProxyCluster.Storage;

/// <summary>Registers the data directory, the store on it the memory in front of it, and the region's shared store.</summary>
internal static class StorageRegistration
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddRoomOptions<StorageOptions>(StorageOptions.Section);
        services.AddSingleton(s => new DataTree(s.GetRequiredService<IOptions<StorageOptions>>().Value.Data));
        services.AddSingleton(static s =>
        {
            var options = s.GetRequiredService<IOptions<StorageOptions>>().Value;
            return new ProofDirectory(s.GetRequiredService<BesideFiles>().Add(ProofDirectory.Bounded(
                s.GetRequiredService<DataTree>().ChecksumDatabases,
                options.ShareBeside(options.SumDbMaxBytes),
                s.GetRequiredService<ILogger<ProofDirectory>>())));
        });
        services.AddSingleton(static s => new LoginDirectory(s.GetRequiredService<DataTree>().Logins, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<BesideFiles>();
        services.AddSingleton<IFlush>(static s =>
            s.GetRequiredService<IOptions<StorageOptions>>().Value.Flush ? new DiskFlush() : new NoFlush());
        services.AddSingleton<HotCache>();
        services.AddSingleton<StoreIndex>();
        services.AddSingleton<SpaceAlarm>();
        services.AddSingleton<Quarantine>();
        services.AddSingleton<RulingBook>();
        services.AddSingleton<PinnedModules>();
        services.AddSingleton<DiskRecords>();
        services.AddSingleton<DiskStore>();
        services.AddSingleton<StoreScan>();
        services.AddSingleton<KeptModules>();
        services.AddSingleton<Eviction>();
        services.AddSingleton<StoreVerification>();
        services.AddSingleton<IValidateOptions<StorageOptions>, BlobStoreOptionsValidation>();
        services.AddSingleton<RegionalStore>();
        services.AddHostedService<DataDirectory>();
        services.AddHostedService<Scrubber>();
        services.AddHostedService(static s => s.GetRequiredService<Eviction>());
        return services;
    }
}
