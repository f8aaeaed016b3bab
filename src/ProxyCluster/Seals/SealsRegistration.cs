using ProxyCluster.Clustering.Agreed;

namespace ProxyCluster.Seals;

/// <summary>The door of the room in which the cluster vouches for its members' audit logs.</summary>
internal static class SealsRegistration
{
    /// <summary>Adds the seals; expects the audit log, and what the cluster agrees on.</summary>
    public static IServiceCollection AddSeals(this IServiceCollection services)
    {
        services.AddSingleton<SealBook>();
        services.AddSingleton(static provider => new AgreedReader(SealBook.Name, provider.GetRequiredService<SealBook>().TakeOrFault));
        services.AddHostedService<SealClock>();
        return services;
    }
}
