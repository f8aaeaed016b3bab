using Orleans.Concurrency;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace ProxyCluster.Orleans.Grains;

/// <summary>
/// Every silo's letter box. The failover grain pushes the routing table into it, and reads back from it what its silo
/// knows when the grain begins anew. It is addressed by silo: nobody has to subscribe, and nobody is forgotten when the
/// grain moves, as observers would be; a broadcast channel delivers to grains, and these are processes.
/// </summary>
internal interface ISiloPost : IGrainService
{
    /// <summary>"This is the table now, and this member is the authority."</summary>
    [AlwaysInterleave]
    Task DeliverAsync(RoutingWord word);

    /// <summary>The newest table that the silo knows, as JSON; empty when it knows none.</summary>
    [AlwaysInterleave]
    Task<byte[]> RecallAsync();
}

/// <summary>Addresses letter boxes.</summary>
internal interface ISiloPostClient : IGrainServiceClient<ISiloPost>
{
    /// <summary>A silo's.</summary>
    ISiloPost Of(SiloAddress silo);
}

/// <inheritdoc/>
internal sealed class SiloPostClient(IServiceProvider services) : GrainServiceClient<ISiloPost>(services), ISiloPostClient
{
    /// <inheritdoc/>
    public ISiloPost Of(SiloAddress silo) => GetGrainService(silo);
}
