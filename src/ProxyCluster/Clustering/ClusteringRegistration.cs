using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;

namespace ProxyCluster.Clustering;

/// <summary>The door of the room that knows who else is there.</summary>
internal static class ClusteringRegistration
{
    /// <summary>
    /// Adds the engine that <see cref="ClusteringOptions.Engine"/> names, joined while the host runs. A host that brings
    /// its own <see cref="IEngine"/>, or a <see cref="LocalCluster"/> to share, registers it first.
    /// </summary>
    public static IServiceCollection AddClustering(this IServiceCollection services)
    {
        var hasOwnEngine = services.Any(static service => service.ServiceType == typeof(IEngine));
        services.AddRoomOptions<ClusteringOptions>(ClusteringOptions.Section);
        services.AddSingleton<IValidateOptions<ClusteringOptions>>(new ClusteringOptionsValidation(hasOwnEngine));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LocalCluster>();
        services.TryAddSingleton(CreateEngine);
        services.AddSingleton<ClusterSelf>();
        services.AddHostedService<ClusterMembership>();
        return services;
    }

    private static IEngine CreateEngine(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ClusteringOptions>>().Value;
        var time = services.GetRequiredService<TimeProvider>();
        if (options.Engine == "local")
            return new LocalEngine(services.GetRequiredService<LocalCluster>(), time, services.GetRequiredService<ILogger<LocalEngine>>());
        var client = new EtcdClient(options.Etcd, time, EtcdTransport.Create(options.Etcd, options.Gateway));
        return new EtcdEngine(client, options, time, services.GetRequiredService<ILogger<EtcdEngine>>());
    }
}
