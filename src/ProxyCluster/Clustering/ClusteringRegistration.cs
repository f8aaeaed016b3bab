using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Rulings;

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

    /// <summary>Adds what the cluster agrees on; expects storage to be there, and that the engine's room brings the way to where it is kept.</summary>
    public static IServiceCollection AddAgreedDocuments(this IServiceCollection services)
    {
        services.AddSingleton<LocalAgreedCalls>();
        services.AddSingleton<AgreedFile>();
        services.AddSingleton(static provider => new AgreedReader(RulingBook.Name, provider.GetRequiredService<RulingBook>().TakeOrFault));
        services.AddSingleton<AgreedDocuments>();
        services.AddHostedService(static provider => provider.GetRequiredService<AgreedDocuments>());
        return services;
    }
}
