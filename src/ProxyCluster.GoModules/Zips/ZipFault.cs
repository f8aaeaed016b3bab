using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Zips;

/// <summary>One thing that is wrong with a zip.</summary>
/// <param name="Entry">The offending entry's name as it stands in the zip; null if it is about the zip as a whole.</param>
/// <param name="Message">What is wrong with it, as a phrase.</param>
public sealed record ZipFault(string? Entry, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Entry is null ? Message : $"{Quote.Of(Entry)}: {Message}";
}
