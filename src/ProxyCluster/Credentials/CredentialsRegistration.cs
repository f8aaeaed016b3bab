using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Credentials;

/// <summary>The door of the room that knows how we prove ourselves to others.</summary>
internal static class CredentialsRegistration
{
    /// <summary>Adds the logins. Needs a <see cref="LoginDirectory"/>, which the room that knows the data directory adds.</summary>
    public static IServiceCollection AddCredentials(this IServiceCollection services)
    {
        services.AddRoomOptions<CredentialsOptions>(CredentialsOptions.Section);
        services.AddSingleton<IValidateOptions<CredentialsOptions>, CredentialsOptionsValidation>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(static provider => new OAuthClient(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DeviceGrant>();
        services.AddSingleton<Logins>();
        return services;
    }
}
