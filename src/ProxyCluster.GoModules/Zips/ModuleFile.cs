namespace ProxyCluster.GoModules.Zips;

/// <summary>A file that may become part of a module zip.</summary>
/// <param name="Path">Relative to the module's root, with slashes.</param>
/// <param name="Size">Bytes that it claims to have; more is an error.</param>
/// <param name="Kind">What it is; only regular files are packed.</param>
/// <param name="Open">Opens the content; called at most once for packing, and once more for the root go.mod.</param>
public sealed record ModuleFile(string Path, long Size, ModuleFileKind Kind, Func<Stream> Open)
{
    /// <summary>A regular file of bytes in memory.</summary>
    public static ModuleFile Of(string path, byte[] content) =>
        new(path, content.Length, ModuleFileKind.Regular, () => new MemoryStream(content, writable: false));
}
