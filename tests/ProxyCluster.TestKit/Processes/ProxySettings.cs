namespace ProxyCluster.TestKit.Processes;

/// <summary>The flags of a <see cref="ProxyProcess"/>.</summary>
/// <param name="Data">The data directory.</param>
/// <param name="Upstream">In GOPROXY's syntax.</param>
/// <param name="ChecksumDatabase">In GOSUMDB's syntax.</param>
public sealed record ProxySettings(string Data, string Upstream, string ChecksumDatabase)
{
    /// <summary>In GONOSUMDB's syntax; none by default.</summary>
    public string NoChecksumDatabase { get; init; } = "none";

    /// <summary>The program; the product's own by default.</summary>
    public string Executable { get; init; } = Repository.Executable;

    /// <summary>Further flags.</summary>
    public IReadOnlyList<string> MoreArguments { get; init; } = [];

    /// <summary>Further environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
