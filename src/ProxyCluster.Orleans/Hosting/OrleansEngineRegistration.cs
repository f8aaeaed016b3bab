using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Failover;
using ProxyCluster.Orleans.Engine;
using ProxyCluster.Orleans.Grains;
using ProxyCluster.Walk;

namespace ProxyCluster.Orleans.Hosting;

/// <summary>What turns the rooms into a host on Orleans: the engine, and grains in the places of owners.</summary>
internal static class OrleansEngineRegistration
{
    /// <summary>Registers the engine. Before the rooms, which look whether a host brings one.</summary>
    public static IServiceCollection AddOrleansEngine(this IServiceCollection services)
    {
        services.AddRoomOptions<OrleansOptions>(OrleansOptions.Section);
        services.AddSingleton<IValidateOptions<OrleansOptions>, OrleansOptionsValidation>();
        services.AddSingleton<IValidateOptions<ClusteringOptions>, OrleansClusterValidation>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(static provider => new Rooms(provider));
        services.AddSingleton<OrleansEngine>();
        services.AddSingleton<IEngine>(static provider => provider.GetRequiredService<OrleansEngine>());
        services.AddSingleton<GrainCalls>();
        services.AddSingleton<IOwnerCalls>(static provider => provider.GetRequiredService<GrainCalls>());
        services.AddSingleton<IHealthCalls, HealthCalls>();
        services.AddSingleton<IQueryCalls>(static provider => provider.GetRequiredService<GrainCalls>());

        // Every probe, connection and lost message of a silo is an information of Orleans; the engine logs what it comes to.
        services.AddLogging(static logging => logging
            .AddFilter("Orleans", LogLevel.Error)
            .AddFilter("ProxyCluster.Orleans.Grains.SiloPost", LogLevel.Warning));
        return services;
    }
}
