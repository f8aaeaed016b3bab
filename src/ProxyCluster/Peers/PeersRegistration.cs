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
        services.AddSingleton(SecretOf);
        services.AddSingleton<PeerDoor>();
        services.AddSingleton<PeerStanding>();
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
        var file = services.GetRequiredService<IOptions<ClusteringOptions>>().Value.SecretFile;
        return file.Length > 0
            ? ClusterSecret.FromFile(file)
            : new ClusterSecret(services.GetRequiredService<LocalCluster>().Secret);
    }
}
