using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;

namespace ProxyCluster.Silos;

/// <summary>The door of the room that makes this process a silo of Orleans.</summary>
internal static class SilosRegistration
{
    /// <summary>Registers the engine that <see cref="ClusteringOptions.Engine"/> names, unless the host brings one.</summary>
    public static IServiceCollection AddSilos(this IServiceCollection services)
    {
        services.AddRoomOptions<OrleansOptions>(OrleansOptions.Section);
        services.AddSingleton<IValidateOptions<OrleansOptions>, OrleansOptionsValidation>();
        services.AddSingleton<IValidateOptions<ClusteringOptions>, ClusterStoreValidation>();
        services.TryAddSingleton(static provider => new Rooms(provider));
        services.TryAddSingleton<MemoryStore>();
        services.AddSingleton<OrleansEngine>();
        services.AddSingleton<SiloDashboard>();
        services.TryAddSingleton<IEngine>(static provider =>
            provider.GetRequiredService<IOptions<ClusteringOptions>>().Value.Engine == "local"
                ? provider.GetRequiredService<LocalEngine>()
                : provider.GetRequiredService<OrleansEngine>());

        // Every probe, connection and lost message of a silo is an information of Orleans; the engine logs what it comes to.
        // A message that does not arrive is its caller's to tell, and a silo that stops has many; a cancelled call and the list of
        // clients that do not arrive, at a silo that is gone, are nobody's. Placement is retried by a library that logs under its
        // own name.
        services.AddLogging(static logging => logging
            .AddFilter("Orleans", LogLevel.Error)
            .AddFilter("Orleans.Messaging", LogLevel.Critical)
            .AddFilter("Orleans.Runtime.GrainCallCancellationManager", LogLevel.Critical)
            .AddFilter("Orleans.Runtime.GrainDirectory.ClientDirectory", LogLevel.Critical)
            .AddFilter("Polly", LogLevel.None));
        return services;
    }
}
