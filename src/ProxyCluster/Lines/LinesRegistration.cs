using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;

namespace ProxyCluster.Lines;

/// <summary>Registers what members of a cluster say to each other.</summary>
internal static class LinesRegistration
{
    public static IServiceCollection AddLines(this IServiceCollection services)
    {
        services.AddRoomOptions<PeerOptions>(PeerOptions.Section);
        services.AddSingleton<IValidateOptions<ClusteringOptions>, PeerSettingsValidation>();
        services.AddSingleton(SecretOf);
        services.AddSingleton(static provider =>
            PeerCertificates.Load(provider.GetRequiredService<IOptions<ClusteringOptions>>().Value.Tls));
        services.AddSingleton<PeerDoor>();
        services.AddSingleton<Pulse>();
        services.AddSingleton<PeerCalls>();
        services.AddSingleton<PeerLines>();
        services.AddSingleton<HedgedAsk>();
        services.AddSingleton<PeerQueries>();
        services.AddSingleton<PeerRepositories>();
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
