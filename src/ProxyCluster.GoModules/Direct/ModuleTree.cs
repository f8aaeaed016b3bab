using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Direct;

/// <summary>Where a module's files are at one commit (spec §6).</summary>
/// <param name="Directory">Their directory; empty for the repository's root.</param>
/// <param name="GoMod">The go.mod there; null where there is none and none is needed.</param>
public sealed record ModuleTree(string Directory, byte[]? GoMod)
{
    /// <summary>Finds them, or says why the commit does not hold the module.</summary>
    public static async Task<(ModuleTree? Tree, string? Fault)> FindAsync(
        ModulePlace place, IModuleRepository repository, string commit, CancellationToken cancel)
    {
        // 1. The two places for a go.mod. Of a major version it may be either, but only one of them may claim it.
        var goMod = await repository.ReadFileAsync(commit, place.TagPrefix + ModuleFileRules.GoMod, cancel);
        var path = goMod is null ? null : GoModFile.ModulePathOrNull(goMod);
        var isHere = goMod is not null && place.Accepts(path);
        if (place.MajorDirectoryOrNull is { } directory)
        {
            var inMajor = await repository.ReadFileAsync(commit, $"{directory}/{ModuleFileRules.GoMod}", cancel);
            var majorPath = inMajor is null ? null : GoModFile.ModulePathOrNull(inMajor);
            var isThere = inMajor is not null && place.HasMajorOf(majorPath);
            if (isHere && isThere)
                return (null, $"go.mod and {directory}/go.mod both claim to be {place.Path}");
            if (isThere)
                return (new ModuleTree(directory, inMajor), null);
            if (inMajor is not null)
                return (null, Says($"{directory}/go.mod", majorPath));
        }

        // 2. Not in the major version's directory.
        if (isHere)
            return (new ModuleTree(place.Directory, goMod), null);
        if (goMod is not null)
            return (null, Says($"{place.TagPrefix}go.mod", path));

        // 3. None at all is well at the root, where no major version has to be claimed.
        return place.Directory.Length == 0 && !place.Path.Major.StartsWith('/')
            ? (new ModuleTree("", null), null)
            : (null, $"there is no {place.TagPrefix}go.mod" + (place.MajorDirectoryOrNull is { } other ? $" and no {other}/go.mod" : ""));

        string Says(string file, string? declared) => declared is null
            ? $"{file} names no module"
            : $"{file} names {declared}, whose major version is not that of {place.Path}";
    }
}
