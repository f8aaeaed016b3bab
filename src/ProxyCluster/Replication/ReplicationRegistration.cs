using ProxyCluster.Configuration;

namespace ProxyCluster.Replication;

/// <summary>Registers the copies for other regions.</summary>
internal static class ReplicationRegistration
{
    public static IServiceCollection AddReplication(this IServiceCollection services)
    {
        services.AddRoomOptions<ReplicationOptions>(ReplicationOptions.Section);
        services.AddSingleton<Replicator>();
        services.AddHostedService(static provider => provider.GetRequiredService<Replicator>());
        return services;
    }
}
