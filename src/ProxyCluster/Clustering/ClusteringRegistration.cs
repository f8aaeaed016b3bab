using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;

namespace ProxyCluster.Clustering;

/// <summary>The door of the room that knows who else is there.</summary>
internal static class ClusteringRegistration
{
    /// <summary>
    /// Adds membership, joined while the host runs. The engine itself comes with the room of silos; a host that brings its
    /// own <see cref="IEngine"/>, or a <see cref="LocalCluster"/> to share, registers it first.
    /// </summary>
    public static IServiceCollection AddClustering(this IServiceCollection services)
    {
        services.AddRoomOptions<ClusteringOptions>(ClusteringOptions.Section);
        services.AddSingleton<IValidateOptions<ClusteringOptions>, ClusteringOptionsValidation>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LocalCluster>();
        services.AddSingleton<LocalEngine>();
        services.AddSingleton<ClusterSelf>();
        services.AddHostedService<ClusterMembership>();
        return services;
    }
}
