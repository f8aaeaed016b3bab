namespace ProxyCluster.Configuration;

/// <summary>The configuration is wrong, and these are all of its mistakes. Ends a start with exit status 2.</summary>
internal sealed class SettingsException(IReadOnlyList<string> mistakes)
    : Exception("wrong configuration:\n" + string.Join('\n', mistakes))
{
    /// <summary>One line each: key, value, where it came from, what is allowed. Secrets are masked.</summary>
    public IReadOnlyList<string> Mistakes { get; } = mistakes;
}
