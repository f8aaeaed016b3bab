using Orleans;
using ProxyCluster.Routing;

namespace ProxyCluster.Silos;

/// <summary>The failover grain's record in storage: the routing table, and who may replace it.</summary>
[GenerateSerializer]
internal sealed class FailoverState : StoredRecord
{
    /// <summary>The routing table as JSON; empty before the first.</summary>
    [Id(0)]
    public byte[] Table { get; set; } = [];

    /// <summary>Number of the term: how often the office was claimed.</summary>
    [Id(1)]
    public long Term { get; set; }

    /// <summary>Id of the member that claimed it.</summary>
    [Id(3)]
    public string Member { get; set; } = "";

    /// <summary>What is written down for a term and its table.</summary>
    public static FailoverState Of(long term, string member, RoutingTable table) => new()
    {
        Table = table.Epoch > 0 ? RoutingTableJson.Write(table) : [],
        Term = term,
        Member = member,
    };
}
