namespace ProxyCluster.Clustering;

/// <summary>What a process does in the cluster.</summary>
public enum Role
{
    /// <summary>Both: answers clients, owns module versions and stores artifacts. The default.</summary>
    All,

    /// <summary>Answers clients and forwards; stores nothing and fetches nothing.</summary>
    FrontEnd,

    /// <summary>Owns and stores; clients reach it through front ends.</summary>
    Silo,
}

/// <summary>A live process of the cluster, as the engine's membership knows it.</summary>
/// <param name="Id">Unique for one life of one process: a restart is another member.</param>
/// <param name="Region">Name of its region, for instance <c>tokyo</c>.</param>
/// <param name="Address">Where other members reach its internal endpoints: scheme, host and port.</param>
/// <param name="Role">What it does.</param>
/// <param name="Version">The program's version, for rolling upgrades.</param>
public sealed record Member(string Id, string Region, Uri Address, Role Role, string Version)
{
    /// <summary>True for members that own and store module versions.</summary>
    public bool IsSilo => Role != Role.FrontEnd;
}
