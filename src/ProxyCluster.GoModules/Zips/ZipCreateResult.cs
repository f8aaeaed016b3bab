namespace ProxyCluster.GoModules.Zips;

/// <summary>What became of a list of files.</summary>
/// <param name="Check">What keeps the list from being a module zip; valid if the zip was written.</param>
/// <param name="Included">Paths of the files in the zip, in its order.</param>
/// <param name="Omitted">Files that were left out, and why.</param>
public sealed record ZipCreateResult(
    ZipCheckResult Check, IReadOnlyList<string> Included, IReadOnlyList<ZipFault> Omitted)
{
    /// <summary>True if the zip was written.</summary>
    public bool IsValid => Check.IsValid;
}
