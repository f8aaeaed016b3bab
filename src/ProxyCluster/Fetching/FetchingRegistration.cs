using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Verification;

namespace ProxyCluster.Fetching;

/// <summary>The door of the room that gets modules from upstreams.</summary>
internal static class FetchingRegistration
{
    /// <summary>Adds the upstream chain and the fetcher on it; expects <c>ProxyMetrics</c> and logging to be there.</summary>
    public static IServiceCollection AddFetching(this IServiceCollection services)
    {
        services.AddRoomOptions<UpstreamsOptions>(UpstreamsOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<UpstreamsOptions>, UpstreamsOptionsValidation>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<UpstreamRoutes>();
        services.TryAddSingleton<IDatabaseWays, UpstreamDatabaseWays>();
        services.TryAddSingleton<UpstreamChain>();
        services.TryAddSingleton<ArtifactFetcher>();
        return services;
    }
}
