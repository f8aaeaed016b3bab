namespace ProxyCluster.Cli;

/// <summary>The process as the command line sees it; a test gives it another one.</summary>
/// <param name="Out">Where answers go.</param>
/// <param name="Error">Where progress and complaints go.</param>
/// <param name="WorkingDirectory">Where relative paths and appsettings.json start.</param>
/// <param name="Variables">Environment variables.</param>
internal sealed record CommandContext(
    TextWriter Out, TextWriter Error, string WorkingDirectory, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>Where questions of other programs come from. Default: nothing comes.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Whether the process is ours alone, so that its platform's switches are ours to set. Default false.</summary>
    public bool OwnsProcess { get; init; }
}
