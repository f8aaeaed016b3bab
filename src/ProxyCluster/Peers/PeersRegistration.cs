using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Storage;

namespace ProxyCluster.Peers;

/// <summary>Registers what members of a cluster say to each other.</summary>
internal static class PeersRegistration
{
    public static IServiceCollection AddPeers(this IServiceCollection services)
    {
        services.AddRoomOptions<PeerOptions>(PeerOptions.Section);
        services.AddSingleton<IValidateOptions<ClusteringOptions>, PeerSettingsValidation>();
        services.AddSingleton(SecretOf);
        services.AddSingleton(static provider =>
            PeerCertificates.Load(provider.GetRequiredService<IOptions<ClusteringOptions>>().Value.Tls));
        services.AddSingleton<PeerDoor>();
        services.AddSingleton<PeerStanding>();
        services.AddSingleton<PeerSigns>();
        services.AddSingleton<PeerCalls>();
        services.AddSingleton<PeerRecords>();
        services.AddSingleton<ArtifactCopy>();
        services.AddSingleton<PeerFill>();
        services.AddSingleton<SharedFill>();
        services.AddSingleton<PeerQueries>();
        services.AddSingleton<IOtherHolders, PeerHolders>();
        return services;
    }

    // Hosts of one process share the secret that their LocalCluster made up; nobody outside can know it.
    private static ClusterSecret SecretOf(IServiceProvider services)
    {
        var cluster = services.GetRequiredService<IOptions<ClusteringOptions>>().Value;
        if (cluster.SecretFile.Length > 0)
            return ClusterSecret.FromFile(cluster.SecretFile);

        // Certificates alone lock the door.
        return cluster.Tls.IsSet ? new ClusterSecret([]) : new ClusterSecret(services.GetRequiredService<LocalCluster>().Secret);
    }
}
