namespace ProxyCluster.Routing;

/// <summary>The state of a region in the routing table.</summary>
public enum RegionState
{
    /// <summary>Serves, owns and is a peer.</summary>
    Active,

    /// <summary>Something looks wrong; still used, watched closely.</summary>
    Suspect,

    /// <summary>Not used as home or peer; its front ends forward elsewhere.</summary>
    Failed,

    /// <summary>Healthy again; ownership returns to it gradually.</summary>
    Recovering,

    /// <summary>Taken out by an operator.</summary>
    Drained,
}
