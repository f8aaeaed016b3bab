using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Access;

/// <summary>The door of the room that knows who clients are and what they may read; the gate asks it.</summary>
internal static class AccessRegistration
{
    /// <summary>Adds rules and logins.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddRoomOptions<AccessOptions>(AccessOptions.Section);
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidation>();
        services.AddSingleton<AccessRules>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<ClientLogins>();
        return services;
    }

    /// <summary>Adds the platform's handlers of those logins that are configured; others need not be loaded.</summary>
    public static void AddLoginSchemes(this IServiceCollection services, Settings settings)
    {
        if (settings.FindOrNull($"{AccessOptions.Section}:{nameof(AccessOptions.Oidc)}:{nameof(OidcOptions.Authority)}") is { Value.Length: > 0 })
            OidcLogins.Register(services);
        if (settings.FindOrNull($"{AccessOptions.Section}:{nameof(AccessOptions.ClientCaFile)}") is { Value.Length: > 0 })
            CertificateLogins.Register(services);
    }
}
