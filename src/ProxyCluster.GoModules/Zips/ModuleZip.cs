using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// The rules of module zips (spec §4): what a zip may hold, and which zip a list of files makes. Checking reads only the
/// zip's directory; <see cref="ModuleHash.TryOfZip"/> reads the content and proves that it is what the directory declares.
/// A zip may be served when both agree.
/// </summary>
public static class ModuleZip
{
    /// <summary>
    /// Opens and checks a zip. What keeps the zip from being read is a fault like any other. To go on with the hash, open
    /// the <see cref="ZipDirectory"/> yourself and check that.
    /// </summary>
    /// <param name="zip">Seekable.</param>
    /// <param name="module">The module version that it should be the zip of.</param>
    /// <param name="limits">How big it may be.</param>
    public static ZipCheckResult Check(Stream zip, ModuleVersion module, ZipLimits limits) =>
        ZipDirectory.TryOpen(zip, limits, out var directory, out var error)
            ? Check(directory, module)
            : new ZipCheckResult([new ZipFault(null, error)], 1);

    /// <summary>Checks an opened zip by every rule of Go's <c>CheckZip</c>.</summary>
    public static ZipCheckResult Check(ZipDirectory zip, ModuleVersion module)
    {
        var faults = new FaultList();
        var collisions = new NameCollisions();
        var contentBytes = 0L;
        var isTooLarge = false;
        var prefix = $"{module}/";
        foreach (var entry in zip.Entries)
        {
            // 1. The name, and its place under path@version/. The bare prefix is a directory entry that means nothing.
            var name = zip.NameOrNull(entry);
            if (name is null || !name.StartsWith(prefix, StringComparison.Ordinal))
            {
                faults.Add(name ?? zip.NameForPeople(entry), name is null
                    ? "the name is not UTF-8"
                    : $"the name does not start with {prefix}");
                continue;
            }

            var path = name.AsSpan(prefix.Length);
            if (path.IsEmpty)
                continue;
            var isDirectory = path[^1] == '/';
            if (isDirectory)
                path = path[..^1];

            if ((FilePathRules.FaultOrNull(path) ?? collisions.AddOrFault(path, isDirectory)) is { } fault)
            {
                faults.Add(name, fault);
                continue;
            }

            if (isDirectory)
                continue;

            // 2. go.mod makes its directory a module: it may stand at the root only, in its one spelling.
            if (ModuleFileRules.GoModFaultOrNull(path) is { } goModFault)
            {
                faults.Add(name, goModFault);
                continue;
            }

            // 3. Sizes.
            if (entry.Size <= zip.Limits.MaxContentBytes - contentBytes)
                contentBytes += entry.Size;
            else
                isTooLarge = true;
            if (ModuleFileRules.SizeFaultOrNull(path, entry.Size, zip.Limits) is { } sizeFault)
                faults.Add(name, sizeFault);
        }

        if (isTooLarge)
            faults.Add(null, $"the content is larger than {zip.Limits.MaxContentBytes} bytes");
        return faults.ToResult();
    }

    /// <summary>
    /// Writes the module zip of a list of files, byte for byte the same for the same list: in its order, deflated, without
    /// times and directory entries. Vendored packages, other modules in subdirectories, symbolic links and the like are
    /// left out (spec §4); a file that may not be in a module zip makes the whole fail, with nothing written.
    /// </summary>
    /// <param name="output">Written front to back; may be any stream.</param>
    /// <param name="module">The module version.</param>
    /// <param name="files">The files, paths relative to the module's root.</param>
    /// <param name="limits">How big the zip may be; null is Go's limits.</param>
    /// <param name="cancellation">Looked at between buffers.</param>
    /// <returns>
    /// What went wrong, and what was left out. If a file turned out longer than it said, or the zip too large, then
    /// <paramref name="output"/> holds a torso.
    /// </returns>
    public static ZipCreateResult Create(
        Stream output,
        ModuleVersion module,
        IReadOnlyList<ModuleFile> files,
        ZipLimits? limits = null,
        CancellationToken cancellation = default)
    {
        limits ??= ZipLimits.Default;
        var selection = ModuleFileSelection.Of(files, limits);
        if (selection.Faults.Count > 0)
            return new ZipCreateResult(selection.Faults.ToResult(), [], selection.Omitted);

        var included = new List<string>(selection.Files.Count);
        using var writer = new ZipWriter(output, limits.MaxZipBytes);
        foreach (var file in selection.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            using var content = file.Open();
            if (writer.AddOrFault($"{module}/{file.Path}", content, file.Size, cancellation) is { } fault)
                return new ZipCreateResult(new ZipCheckResult([new ZipFault(file.Path, fault)], 1), included, selection.Omitted);
            included.Add(file.Path);
        }

        var faults = new FaultList();
        if (writer.FinishOrFault() is { } endFault)
            faults.Add(null, endFault);
        return new ZipCreateResult(faults.ToResult(), included, selection.Omitted);
    }
}
