using ProxyCluster.Configuration;
using ProxyCluster.Repositories;

namespace ProxyCluster.Walk;

/// <summary>Registers the walk of a request and the owner of this silo's module versions.</summary>
internal static class WalkRegistration
{
    public static IServiceCollection AddWalk(this IServiceCollection services)
    {
        services.AddRoomOptions<OwnershipOptions>(OwnershipOptions.Section);
        services.AddSingleton<OwnFetches>();
        services.AddSingleton<DepartedSilos>();
        services.AddSingleton<ArtifactOwner>();
        services.AddSingleton<ArtifactWalk>();
        services.AddSingleton<QueryUpstream>();
        services.AddSingleton<StoredVersions>();
        services.AddSingleton<QueryWalk>();
        services.AddSingleton<RepositoryWalk>();
        services.AddSingleton<IRegionMirrors, RegionMirrors>();
        return services;
    }
}
