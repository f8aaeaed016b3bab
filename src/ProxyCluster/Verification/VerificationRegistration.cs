using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Verification;

/// <summary>Adds the checksum databases: the verifier and the mirror.</summary>
internal static class VerificationRegistration
{
    /// <summary>Needs a ProofDirectory and ProxyMetrics, which their own rooms add.</summary>
    public static IServiceCollection AddVerification(this IServiceCollection services)
    {
        services.AddRoomOptions<VerificationOptions>(VerificationOptions.Section);
        services.AddSingleton<IValidateOptions<VerificationOptions>, VerificationOptionsCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ChecksumDatabases>();
        services.AddSingleton<Verifier>();
        services.AddSingleton<ChecksumDatabaseMirror>();
        return services;
    }
}
