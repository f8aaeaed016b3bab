namespace ProxyCluster.GoModules.Builds;

/// <summary>A module that is part of a build.</summary>
/// <param name="Path">Its path, of the module whose code is built: where it was replaced, of what stands in its place.</param>
/// <param name="Version">Its version; what was replaced by a directory keeps its own.</param>
public sealed record BuildModule(string Path, string Version)
{
    /// <summary>The <c>h1:</c> of its zip; null where it is not said.</summary>
    public string? H1 { get; init; }

    /// <summary>The <c>h1:</c> of its go.mod; null where it is not said.</summary>
    public string? GoModH1 { get; init; }

    /// <summary>What it replaces, as <c>path@version</c>; null where it replaces nothing.</summary>
    public string? Replaces { get; init; }

    /// <summary>The directory that stands in its place: nobody knows what its code is then.</summary>
    public string? Directory { get; init; }

    /// <summary>How the build is asked for it by others.</summary>
    public string Name => Version.Length == 0 ? Path : $"{Path}@{Version}";
}
