using Orleans;
using Orleans.Concurrency;

namespace ProxyCluster.Silos;

/// <summary>The authority; its key is <see cref="Key"/>.</summary>
internal interface IFailoverGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "failover";

    /// <summary>
    /// Takes health reports in. The answer brings the routing table to whoever knows less; who knows more, because storage
    /// in memory was lost with its silo, sends its own along with the next report.
    /// </summary>
    [AlwaysInterleave]
    Task<RoutingWord> HearAsync(IReadOnlyList<MemberWord> words);

    /// <summary>Obeys an operator's order; both as JSON. Publishing may take as long as the storage may.</summary>
    [AlwaysInterleave, ResponseTimeout("00:00:10")]
    Task<byte[]> OrderAsync(byte[] command);

    /// <summary>The cluster's status, as JSON.</summary>
    [AlwaysInterleave]
    Task<byte[]> StatusAsync();
}

/// <summary>What a member says.</summary>
/// <param name="Report">Its health report, as JSON.</param>
/// <param name="Table">The routing table as JSON, where it knows a newer one than the last answer's; otherwise empty.</param>
[GenerateSerializer, Immutable]
internal sealed record MemberWord([property: Id(0)] byte[] Report, [property: Id(1)] byte[] Table);

/// <summary>What a member is answered.</summary>
/// <param name="Authority">Id of the member in whose silo the grain lives.</param>
/// <param name="Epoch">Epoch of the routing table.</param>
/// <param name="Table">The table as JSON; empty where everybody who asked knows it.</param>
[GenerateSerializer, Immutable]
internal sealed record RoutingWord([property: Id(0)] string Authority, [property: Id(1)] long Epoch, [property: Id(2)] byte[] Table);
