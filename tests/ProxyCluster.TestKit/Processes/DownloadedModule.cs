namespace ProxyCluster.TestKit.Processes;

/// <summary>What go says about a module version that it downloaded and verified.</summary>
/// <param name="Path">The module's path.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sum">The h1 of its zip.</param>
/// <param name="GoModSum">The h1 of its go.mod.</param>
/// <param name="Error">Why it could not be had, or null.</param>
public sealed record DownloadedModule(string Path, string Version, string? Sum, string? GoModSum, string? Error);
