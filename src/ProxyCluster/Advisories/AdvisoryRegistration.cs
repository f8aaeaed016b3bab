using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Advisories;

/// <summary>Registers the advisories.</summary>
internal static class AdvisoryRegistration
{
    public static IServiceCollection AddAdvisories(this IServiceCollection services)
    {
        services.AddRoomOptions<AdvisoryOptions>(AdvisoryOptions.Section);
        services.AddSingleton<IValidateOptions<AdvisoryOptions>, AdvisoryOptionsValidation>();
        services.AddSingleton<AdvisoryBook>();
        services.AddSingleton<KeptAdvisories>();
        services.AddSingleton<AdvisoryUpdates>();
        services.AddHostedService(static s => s.GetRequiredService<AdvisoryUpdates>());
        return services;
    }
}
