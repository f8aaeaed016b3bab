namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// How big a module zip may be, in bytes. The first four are Go's (spec §4): a zip beyond them is one that no client
/// accepts. The last two bound what reading a hostile zip costs in memory; no known module comes near them.
/// </summary>
public sealed record ZipLimits
{
    /// <summary>Go's own limits.</summary>
    public static ZipLimits Default { get; } = new();

    /// <summary>The zip file. 500 MiB.</summary>
    public long MaxZipBytes { get; init; } = 500L << 20;

    /// <summary>All files together, unpacked. 500 MiB.</summary>
    public long MaxContentBytes { get; init; } = 500L << 20;

    /// <summary>The root go.mod, unpacked. 16 MiB.</summary>
    public long MaxGoModBytes { get; init; } = 16L << 20;

    /// <summary>The root LICENSE, unpacked. 16 MiB.</summary>
    public long MaxLicenseBytes { get; init; } = 16L << 20;

    /// <summary>Entries in the zip's directory. 400 000.</summary>
    public int MaxEntries { get; init; } = 400_000;

    /// <summary>The zip's directory, which is held in memory while a zip is read. 64 MiB.</summary>
    public int MaxDirectoryBytes { get; init; } = 64 << 20;
}
