using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace ProxyCluster.Silos;

/// <summary>
/// Every silo's letter box. The authority pushes the routing table into it, reads back from it what its silo knows where
/// the storage does not, and hears the regions' reports by it. It is addressed by silo: nobody has to subscribe, and nobody
/// is forgotten when a grain moves, as observers would be; a broadcast channel delivers to grains, and these are processes.
/// </summary>
internal interface ISiloPost : IGrainService
{
    /// <summary>"This is the table now, and this silo holds the office."</summary>
    [AlwaysInterleave]
    Task DeliverAsync(RoutingWord word);

    /// <summary>What the silo knows of the table and the office.</summary>
    [AlwaysInterleave]
    Task<RoutingWord> RecallAsync();

    /// <summary>Health reports, as JSON, for the silo that holds the office.</summary>
    [AlwaysInterleave]
    Task HearAsync(IReadOnlyList<byte[]> reports);
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
