namespace ProxyCluster.Fetching;

/// <summary>Which modules one upstream of the list may see.</summary>
internal sealed class UpstreamModulesOptions
{
    /// <summary>The upstream, as in the list; a user part is left out.</summary>
    public string Upstream { get; set; } = "";

    /// <summary>
    /// The only modules that it is asked for, in GOPRIVATE's syntax; nobody else of the list is asked for these. Default:
    /// not set, which means all that no other upstream has here.
    /// </summary>
    public string Include { get; set; } = "";

    /// <summary>Modules that it is never asked for, in GOPRIVATE's syntax. Default none.</summary>
    public string Exclude { get; set; } = "";

    /// <summary>True when this is about the entry.</summary>
    public bool IsAbout(GoProxyEntry entry) =>
        GoProxyList.TryParse(Upstream, out var list, out _) && list.Entries is [var named] && named.DisplayName == entry.DisplayName;
}
