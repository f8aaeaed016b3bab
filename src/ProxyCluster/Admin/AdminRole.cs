namespace ProxyCluster.Admin;

/// <summary>What the holder of a token may do.</summary>
internal enum AdminRole
{
    /// <summary>Look.</summary>
    Viewer,

    /// <summary>Look, and give orders.</summary>
    Operator,
}
