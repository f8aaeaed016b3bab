using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace ProxyCluster.Tests.Grains;

/// <summary>What one silo knows of another's metadata.</summary>
internal static class SiloMetadataReading
{
    public static IEnumerable<string> GetSiloMetadata(this IServiceProvider services, SiloAddress silo) =>
        services.GetRequiredService<ISiloMetadataCache>().GetSiloMetadata(silo).Metadata.Values;
}
