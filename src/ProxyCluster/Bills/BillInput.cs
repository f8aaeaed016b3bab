using System.Text;
using ProxyCluster.GoModules.Builds;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Bills;

/// <summary>What a bill is about.</summary>
/// <param name="Type">CycloneDX's word for it.</param>
/// <param name="Name">Its module path, or the package that was built.</param>
/// <param name="Version">Its version; null where it is not said.</param>
/// <param name="Module">Its module; null where the program was built without one.</param>
/// <param name="Needs">The paths of the modules that it needs itself; null where that is not known.</param>
internal sealed record BillSubject(string Type, string Name, string? Version, string? Module, IReadOnlyList<string>? Needs);

/// <summary>
/// What a build is made of, out of the files that tell of it: one that says which modules (what <c>go version -m</c> or <c>go mod graph</c>
/// prints, a go.mod), and go.sum files, which add hashes, or say the modules where nothing better does. What a file is, its content says.
/// </summary>
internal sealed class BillInput
{
    private readonly List<GoSumLine> _sums = [];
    private readonly List<BuildModule> _modules = [];
    private ModuleGraph? _graph;
    private byte[]? _goMod;
    private IReadOnlyList<BuiltProgram> _programs = [];
    private bool _isSeen;

    /// <summary>The release of Go; null where it is not said.</summary>
    public string? Release { get; set; }

    /// <summary>Adds a file; what is wrong with it, or null.</summary>
    /// <param name="name">Its name, for sentences.</param>
    /// <param name="content">Its content.</param>
    public string? AddOrFault(string name, byte[] content)
    {
        var text = Encoding.UTF8.GetString(content);
        if (BuiltProgram.Read(text) is { Count: > 0 } programs)
        {
            if (_programs.Count > 0)
                return Second(name, "listing of 'go version -m'");
            _programs = programs;
        }
        else if (ModuleGraph.ReadOrNull(text) is { } graph)
        {
            if (_graph is not null)
                return Second(name, "listing of 'go mod graph'");
            _graph = graph;
        }
        else if (GoModFile.ModulePathOrNull(content) is not null)
        {
            if (_goMod is not null)
                return Second(name, "go.mod");
            _goMod = content;
        }
        else
        {
            var before = _sums.Count;
            _sums.AddRange(GoSumLine.Read(text).Where(static line => line.Hash.StartsWith(ModuleHash.Prefix, StringComparison.Ordinal)));
            if (_sums.Count == before)
                return $"{name} is no go.sum, no go.mod, and nothing that 'go version -m' or 'go mod graph' prints";
        }

        return _programs.Count > 0 && (_graph is not null || _goMod is not null) ? $"{name}: a program says itself what it is made of; give its listing without go.mod and graph" : null;
    }

    /// <summary>Adds a module version that a build was seen to download.</summary>
    public void AddSeen(ModuleVersion module)
    {
        _isSeen = true;
        _modules.Add(new BuildModule(module.Path.Value, module.Version));
    }

    /// <summary>What it is about: the main module, or the programs; none where nothing says so.</summary>
    public IReadOnlyList<BillSubject> Subjects()
    {
        if (_programs.Count > 0)
        {
            return [.. _programs.Select(static program => new BillSubject(
                "application", program.Package ?? program.Main!.Path, program.Main?.Version, program.Main?.Path, [.. program.Modules.Select(static module => module.Path)]))];
        }

        if (_graph is { Mains: { Count: > 0 } mains })
            return [.. mains.Select(main => new BillSubject("application", main, null, main, _graph.Requirements.GetValueOrDefault(main) ?? []))];
        return _goMod is { } file && GoModFile.ModulePathOrNull(file) is { } path
            ? [new BillSubject("application", path, null, path, [.. GoModFile.Required(file).Select(static module => module.Path).Distinct()])] : [];
    }

    /// <summary>By a module's path, the paths of the modules that it needs; null where that is not known.</summary>
    public IReadOnlyList<string>? NeedsOf(string path) => _graph is null ? null : _graph.Requirements.GetValueOrDefault(path) ?? [];

    /// <summary>
    /// CycloneDX's word for how much of the build this is. A go.sum names versions that are not in it too, a program that was built without
    /// modules names none, a go.mod may leave some out, and of a build that was seen nobody knows what it had already.
    /// </summary>
    public string Aggregate => _graph is not null || (_programs.Count > 0 && _programs.All(static program => program.Main is not null)) ? "complete"
        : _goMod is not null || _isSeen ? "incomplete" : "unknown";

    /// <summary>The modules, each under the path that it is needed by.</summary>
    public IReadOnlyList<(string Path, BuildModule Module)> Modules()
    {
        // 1. Which?
        IEnumerable<(string Path, BuildModule Module)> all;
        if (_programs.Count > 0)
            all = _programs.SelectMany(static program => program.Modules).Select(static module => (module.Replaces?.Split('@')[0] ?? module.Path, module));
        else if (_graph is not null)
            all = _graph.Modules.Select(Replaced);
        else if (_goMod is not null)
            all = GoModFile.Required(_goMod).Select(static module => new BuildModule(module.Path, module.Version)).Select(Replaced);
        else if (_isSeen)
            all = _modules.Select(static module => (module.Path, module));
        else
            all = _sums.Where(static line => !line.IsGoMod).Select(static line => (line.Path, new BuildModule(line.Path, line.Version)));

        // 2. What go.sum has of them.
        var sums = _sums.ToLookup(static line => (line.Path, line.Version, line.IsGoMod), static line => line.Hash);
        return [.. all
            .Select(one => one.Module.Directory is not null ? one : (one.Path, Module: one.Module with
            {
                H1 = one.Module.H1 ?? sums[(one.Module.Path, one.Module.Version, false)].FirstOrDefault(),
                GoModH1 = sums[(one.Module.Path, one.Module.Version, true)].FirstOrDefault(),
            }))
            .DistinctBy(static one => (one.Path, one.Module.Name))
            .OrderBy(static one => one.Module.Path, StringComparer.Ordinal).ThenBy(static one => one.Module.Version, Semver.Order)];
    }

    /// <summary>The release of Go of the programs, or the one that was named.</summary>
    public IReadOnlyList<string> Releases() => [.. _programs.Select(static program => program.Release).Append(Release).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    private (string Path, BuildModule Module) Replaced(BuildModule module)
    {
        if (_goMod is null || GoModFile.ReplacementOrNull(GoModFile.Replacements(_goMod), module.Path, module.Version) is not { } by)
            return (module.Path, module);
        return (module.Path, by.Version is { } version ? new BuildModule(by.Path, version) { Replaces = module.Name } : module with { Directory = by.Path });
    }

    private static string Second(string name, string what) => $"{name} is a second {what}: a bill is about one build";
}
