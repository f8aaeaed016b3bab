namespace ProxyCluster.GoModules.Builds;

/// <summary>A line of a go.sum file.</summary>
/// <param name="Path">Module path, as written.</param>
/// <param name="Version">Version, as written.</param>
/// <param name="IsGoMod">Whether it is for the go.mod alone: its requirements were read, which does not say that its code is used.</param>
/// <param name="Hash">The hash.</param>
public readonly record struct GoSumLine(string Path, string Version, bool IsGoMod, string Hash)
{
    private const string GoMod = "/go.mod";

    /// <summary>Those of a file, in its order. What is no line of a go.sum is left out.</summary>
    public static IEnumerable<GoSumLine> Read(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var path, var version, var hash])
            {
                var isGoMod = version.EndsWith(GoMod, StringComparison.Ordinal);
                yield return new GoSumLine(path, isGoMod ? version[..^GoMod.Length] : version, isGoMod, hash);
            }
        }
    }
}
