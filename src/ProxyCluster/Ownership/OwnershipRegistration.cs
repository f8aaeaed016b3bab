using ProxyCluster.Configuration;

namespace ProxyCluster.Ownership;

/// <summary>Registers the owner of this silo's module versions.</summary>
internal static class OwnershipRegistration
{
    public static IServiceCollection AddOwnership(this IServiceCollection services)
    {
        services.AddRoomOptions<OwnershipOptions>(OwnershipOptions.Section);
        services.AddSingleton<ModuleOwner>();
        services.AddSingleton<LastCopy>();
        services.AddSingleton<DepartedSilos>();
        services.AddSingleton<ClusterOwner>();
        services.AddSingleton<CopyTaker>();
        return services;
    }
}
