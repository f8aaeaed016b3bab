using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Failover.DnsUpdates;

namespace ProxyCluster.Failover;

/// <summary>The door of the room that decides which regions are in service.</summary>
internal static class FailoverRegistration
{
    /// <summary>Adds reports, decisions and the telling of events; every member may become the authority.</summary>
    public static IServiceCollection AddFailover(this IServiceCollection services)
    {
        services.AddRoomOptions<FailoverOptions>(FailoverOptions.Section);
        services.AddSingleton<IValidateOptions<FailoverOptions>, FailoverOptionsValidation>();
        services.AddSingleton<IValidateOptions<FailoverOptions>, DnsOptionsValidation>();
        services.AddSingleton<StoreProbe>();
        services.AddHosted<RoutingWatch>();
        services.AddHosted<EventOutbox>();
        services.AddHosted<FailoverAuthority>();
        services.AddHosted<DnsRecords>();
        services.AddHosted<RegionSnapshots>();
        services.AddHosted<RoundTrips>();
        services.AddSingleton<LocalAuthorityCalls>();
        services.AddHosted<HealthReporter>();
        return services;
    }

    private static void AddHosted<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(static provider => provider.GetRequiredService<T>());
    }
}
