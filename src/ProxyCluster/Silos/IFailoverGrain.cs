using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace ProxyCluster.Silos;

/// <summary>The one that keeps the routing table; its key is <see cref="Key"/>.</summary>
internal interface IFailoverGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "failover";

    /// <summary>
    /// "I am here, and I know this term and the table of this epoch." Wakes the grain where it slept, and repairs what a
    /// push missed: the answer holds the table if the grain's is newer.
    /// </summary>
    [AlwaysInterleave]
    Task<RoutingWord> AttendAsync(long term, long epoch);
}

/// <summary>Who holds the office of the authority. A later term ends every earlier one.</summary>
/// <param name="Number">Counts terms from 1 on.</param>
/// <param name="Holder">The silo: a life of a member, not the member.</param>
/// <param name="Member">Id of its member.</param>
[GenerateSerializer, Immutable]
internal sealed record Term([property: Id(0)] long Number, [property: Id(1)] SiloAddress Holder, [property: Id(2)] string Member);

/// <summary>News of the routing table.</summary>
/// <param name="Term">Who may replace it; null while nobody is known.</param>
/// <param name="Epoch">Epoch of the table.</param>
/// <param name="Table">The table as JSON; empty for who knows it already.</param>
[GenerateSerializer, Immutable]
internal sealed record RoutingWord([property: Id(0)] Term? Term, [property: Id(1)] long Epoch, [property: Id(2)] byte[] Table);
