using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Zips;

/// <summary>Sorts a list of files into those to pack, those to leave out, and what is wrong (spec §4, "Create").</summary>
internal sealed class ModuleFileSelection
{
    private readonly HashSet<string> _submodules = new(StringComparer.Ordinal);
    private readonly NameCollisions _collisions = new();
    private readonly bool _isGo124;

    private ModuleFileSelection(IReadOnlyList<ModuleFile> files, ZipLimits limits)
    {
        foreach (var file in files)
        {
            var slash = file.Path.LastIndexOf('/');
            if (file.Kind != ModuleFileKind.Regular || !ModuleFileRules.IsGoModName(file.Path.AsSpan(slash + 1)))
                continue;
            if (slash >= 0)
                _submodules.Add(file.Path[..slash]);
            else if (file.Path == ModuleFileRules.GoMod && file.Size <= limits.MaxGoModBytes)
                _isGo124 = IsGo124(file, limits);
        }

        var contentBytes = 0L;
        var isTooLarge = false;
        foreach (var file in files)
        {
            if (OmissionOrNull(file.Path) is { } omission)
            {
                Omitted.Add(new ZipFault(file.Path, omission));
            }
            else if (FaultOrNull(file) is { } fault)
            {
                Faults.Add(file.Path, fault);
            }
            else if (file.Kind != ModuleFileKind.Regular)
            {
                Omitted.Add(new ZipFault(file.Path, "it is no regular file"));
            }
            else
            {
                isTooLarge |= file.Size > limits.MaxContentBytes - contentBytes;
                contentBytes += isTooLarge ? 0 : file.Size;
                if (ModuleFileRules.SizeFaultOrNull(file.Path, file.Size, limits) is { } sizeFault)
                    Faults.Add(file.Path, sizeFault);
                else
                    Files.Add(file);
            }
        }

        if (isTooLarge)
            Faults.Add(null, $"the content is larger than {limits.MaxContentBytes} bytes");
    }

    public List<ModuleFile> Files { get; } = [];

    public List<ZipFault> Omitted { get; } = [];

    public FaultList Faults { get; } = new();

    public static ModuleFileSelection Of(IReadOnlyList<ModuleFile> files, ZipLimits limits) => new(files, limits);

    private string? OmissionOrNull(string path)
    {
        // An unclean path has no place to belong to: it is a fault, wherever it points.
        if (!IsClean(path))
            return null;
        if (ModuleFileRules.IsVendored(path, _isGo124))
            return "it is in a vendor directory";
        if (IsInSubmodule(path))
            return "it is in another module";
        return path == ".hg_archival.txt" ? "hg archive adds it" : null;
    }

    private string? FaultOrNull(ModuleFile file)
    {
        if (FilePathRules.FaultOrNull(file.Path) is { } fault)
            return fault;
        if (ModuleFileRules.IsGoModName(file.Path) && file.Path != ModuleFileRules.GoMod)
            return "go.mod must be in lower case";
        return file.Size < 0
            ? "its size is negative"
            : _collisions.AddOrFault(file.Path, file.Kind == ModuleFileKind.Directory);
    }

    private bool IsInSubmodule(string path)
    {
        if (_submodules.Count == 0)
            return false;
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            if (_submodules.Contains(path[..slash]))
                return true;
        }

        return false;
    }

    private static bool IsClean(ReadOnlySpan<char> path)
    {
        foreach (var range in path.Split('/'))
        {
            if (path[range] is "" or "." or "..")
                return false;
        }

        return true;
    }

    private static bool IsGo124(ModuleFile goMod, ZipLimits limits)
    {
        using var content = goMod.Open();
        var bytes = new byte[Math.Min(goMod.Size, limits.MaxGoModBytes)];
        var count = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return GoModFile.IsLanguageAtLeast(GoModFile.LanguageVersionOrNull(bytes.AsSpan(0, count)), 1, 24);
    }
}
