namespace ProxyCluster.Routing;

/// <summary>Region states as logs, metrics and operators read them.</summary>
internal static class RegionWords
{
    /// <summary>The state in lower case.</summary>
    public static string Of(RegionState state) => state switch
    {
        RegionState.Active => "active",
        RegionState.Suspect => "suspect",
        RegionState.Failed => "failed",
        RegionState.Recovering => "recovering",
        _ => "drained",
    };
}
