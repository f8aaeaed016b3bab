using ProxyCluster.Configuration;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>Registers everything that takes copies of artifacts or hands them out.</summary>
internal static class CopiesRegistration
{
    public static IServiceCollection AddCopies(this IServiceCollection services)
    {
        services.AddRoomOptions<ReplicationOptions>(ReplicationOptions.Section);
        services.AddSingleton<ArtifactCopy>();
        services.AddSingleton<PeerFill>();
        services.AddSingleton<SharedFill>();
        services.AddSingleton<LastCopy>();
        services.AddSingleton<CopyTaker>();
        services.AddSingleton<IOtherHolders, PeerHolders>();
        services.AddSingleton<SharedWrites>();
        services.AddHostedService(static provider => provider.GetRequiredService<SharedWrites>());
        services.AddSingleton<Replicator>();
        services.AddHostedService(static provider => provider.GetRequiredService<Replicator>());
        return services;
    }
}
