using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Failover;
using ProxyCluster.Silos;
using ProxyCluster.Walk;

namespace ProxyCluster.Grains;

/// <summary>The door of the room of grains: owners by key, wherever they live.</summary>
internal static class GrainsRegistration
{
    /// <summary>Puts grains in the places of owners, where the engine is one that has them.</summary>
    public static IServiceCollection AddGrains(this IServiceCollection services)
    {
        services.AddSingleton<IJsonTypeInfoResolver>(GrainStates.Default);
        services.AddSingleton<GrainMoves>();
        services.AddSingleton<GrainCalls>();
        services.AddSingleton<GrainAuthorityCalls>();
        services.AddSingleton<GrainAgreedCalls>();
        services.AddSingleton<GrainRepositoryPlaces>();
        services.AddSingleton<IOwnerCalls>(OnSilo<GrainCalls>);
        services.AddSingleton<IQueryCalls>(OnSilo<GrainCalls>);
        services.TryAddSingleton<IRepositoryPlaces>(OnSilo<GrainRepositoryPlaces>);
        services.AddSingleton<IAuthorityCalls>(static provider =>
            (IAuthorityCalls?)OnSilo<GrainAuthorityCalls>(provider) ?? provider.GetRequiredService<LocalAuthorityCalls>());
        services.AddSingleton<IAgreedCalls>(static provider =>
            (IAgreedCalls?)OnSilo<GrainAgreedCalls>(provider) ?? provider.GetRequiredService<LocalAgreedCalls>());
        return services;
    }

    // Null to those who ask for it where there are no grains: they then do without.
    private static T OnSilo<T>(IServiceProvider provider)
        where T : class => provider.GetRequiredService<IEngine>() is OrleansEngine ? provider.GetRequiredService<T>() : null!;
}
