using ProxyCluster.Configuration;

namespace ProxyCluster.Queries;

/// <summary>Registers the answers to mutable questions.</summary>
internal static class QueriesRegistration
{
    public static IServiceCollection AddQueries(this IServiceCollection services)
    {
        services.AddRoomOptions<QueryOptions>(QueryOptions.Section);
        services.AddSingleton<QueryDisk>();
        services.AddSingleton<QueryCache>();
        return services;
    }
}
