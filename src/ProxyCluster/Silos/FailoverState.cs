using Orleans;
using Orleans.Runtime;
using ProxyCluster.Routing;

namespace ProxyCluster.Silos;

/// <summary>The failover grain's record in storage: the routing table, and who may replace it.</summary>
[GenerateSerializer]
internal sealed class FailoverState : StoredRecord
{
    /// <summary>The routing table as JSON, in the form that all engines share; empty before the first.</summary>
    [Id(0)]
    public byte[] Table { get; set; } = [];

    /// <summary>Number of the term; 0 before the first.</summary>
    [Id(1)]
    public long Term { get; set; }

    /// <summary>The silo that holds the office, in Orleans' parsable form.</summary>
    [Id(2)]
    public string Holder { get; set; } = "";

    /// <summary>Id of its member.</summary>
    [Id(3)]
    public string Member { get; set; } = "";

    /// <summary>What is written down for a term and its table.</summary>
    public static FailoverState Of(Term term, RoutingTable table) => new()
    {
        Table = table.Epoch > 0 ? RoutingTableJson.Write(table) : [],
        Term = term.Number,
        Holder = term.Holder.ToParsableString(),
        Member = term.Member,
    };

    /// <summary>The same as news.</summary>
    public RoutingWord ToWord() => new(
        Term > 0 ? new Term(Term, SiloAddress.FromParsableString(Holder), Member) : null,
        RoutingTableJson.ReadOrNull(Table)?.Epoch ?? 0,
        Table);
}
