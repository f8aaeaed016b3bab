using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Configuration;

namespace ProxyCluster.Policy;

/// <summary>The door of the room that knows the cluster's policy; the gate asks it.</summary>
internal static class PolicyRegistration
{
    /// <summary>Adds the policy; expects that what the cluster agrees on is there.</summary>
    public static IServiceCollection AddPolicy(this IServiceCollection services)
    {
        services.AddRoomOptions<PolicyOptions>(PolicyOptions.Section);
        services.AddSingleton<PolicyBook>();
        services.AddSingleton(static provider => new AgreedReader(PolicyBook.Name, provider.GetRequiredService<PolicyBook>().TakeOrFault));
        services.AddSingleton<PolicyOrders>();
        services.AddSingleton<RolloutFigures>();
        services.AddSingleton<QuestionsOfTheDay>();
        services.AddHostedService<PolicyClock>();
        services.AddHostedService<PolicyRollouts>();
        services.AddHostedService<PolicyFile>();
        return services;
    }
}
