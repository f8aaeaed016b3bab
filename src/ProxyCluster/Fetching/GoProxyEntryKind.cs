namespace ProxyCluster.Fetching;

/// <summary>What an entry of a GOPROXY list may be.</summary>
internal enum GoProxyEntryKind
{
    /// <summary>A GOPROXY over http or https.</summary>
    Http,

    /// <summary>A static tree on this machine.</summary>
    File,

    /// <summary>The repositories of the modules themselves; ends the list.</summary>
    Direct,

    /// <summary>Nothing beyond this point may be asked; ends the list.</summary>
    Off,
}
