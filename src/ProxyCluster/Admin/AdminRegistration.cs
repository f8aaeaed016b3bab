using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Admin;

/// <summary>The door of the room that knows who may steer the cluster.</summary>
internal static class AdminRegistration
{
    /// <summary>Adds the tokens; the endpoints belong to <c>Http</c>.</summary>
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddRoomOptions<AdminOptions>(AdminOptions.Section);
        services.AddSingleton<IValidateOptions<AdminOptions>, AdminOptionsValidation>();
        services.AddSingleton<AdminTokens>();
        services.AddSingleton<Forgetting>();
        services.AddSingleton<RulingOrders>();
        services.AddSingleton<PolicyDesk>();
        services.AddSingleton<PolicyTrials>();
        services.AddHostedService<ClientWatch>();
        return services;
    }
}
