using Orleans.Concurrency;
using ProxyCluster.Clustering;

namespace ProxyCluster.Orleans.Grains;

/// <summary>The one that holds the routing table; its key is <see cref="Key"/>.</summary>
internal interface IFailoverGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "failover";

    /// <summary>
    /// "I am here, and I know the table of this epoch." Wakes the grain where it slept, and repairs what a push missed:
    /// the answer holds the table if the grain's is newer.
    /// </summary>
    [AlwaysInterleave]
    Task<RoutingWord> AttendAsync(long epoch);

    /// <summary>Replaces the table, if the member is the one in which the grain lives and the epoch is the next.</summary>
    /// <param name="member">Id of the member that decided.</param>
    /// <param name="table">The next table as JSON.</param>
    Task<PublishWord> PublishAsync(string member, byte[] table);

    /// <summary>Health reports, as JSON, for the member that decides.</summary>
    [AlwaysInterleave]
    Task HearAsync(IReadOnlyList<byte[]> reports);
}

/// <summary>What the failover grain tells members.</summary>
/// <param name="Authority">Id of the member in which the grain lives.</param>
/// <param name="Epoch">Epoch of its table.</param>
/// <param name="Table">The table as JSON; empty for who knows it already.</param>
[GenerateSerializer, Immutable]
internal sealed record RoutingWord([property: Id(0)] string Authority, [property: Id(1)] long Epoch, [property: Id(2)] byte[] Table);

/// <summary>What became of a publication.</summary>
/// <param name="Status">As <see cref="PublishStatus"/> says.</param>
/// <param name="Table">The table that stands, as JSON; empty before the first.</param>
[GenerateSerializer, Immutable]
internal sealed record PublishWord([property: Id(0)] PublishStatus Status, [property: Id(1)] byte[] Table);
