using System.Text;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Builds;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Cli;

/// <summary>What <c>vuln</c> judges: a version of a module, or of Go itself.</summary>
/// <param name="Module">Module path, <c>stdlib</c> or <c>toolchain</c>.</param>
/// <param name="Version">Version with its <c>v</c>.</param>
internal readonly record struct VulnSubject(string Module, string Version);

/// <summary>Reads them from where they are named.</summary>
internal sealed class VulnSubjects(string directory)
{
    private readonly List<VulnSubject> _all = [];
    private readonly List<string> _skipped = [];

    /// <summary>Each once, by module and version.</summary>
    public IReadOnlyList<VulnSubject> All => [.. _all.Distinct().OrderBy(static s => s.Module, StringComparer.Ordinal).ThenBy(static s => s.Version, Semver.Order)];

    /// <summary>Sentences about lines of files that name none.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>Adds what a word of the command line names; what is wrong with it, or null.</summary>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    public string? AddOrFault(string word)
    {
        if (word.Contains('@', StringComparison.Ordinal))
            return AddVersionOrFault(word);
        var name = Path.GetFileName(word);
        if (name.EndsWith(".sum", StringComparison.Ordinal))
            AddSums(word);
        else if (name.EndsWith(".mod", StringComparison.Ordinal))
            AddRequirements(word);
        else
            return $"{word} is neither MODULE@VERSION nor a go.sum or go.mod file";
        return null;
    }

    /// <summary>Adds a release of Go; what is wrong with it, or null.</summary>
    public string? AddGoOrFault(string version) => AddGoOrFault(AdvisorySet.StandardLibrary, version) ?? AddGoOrFault(AdvisorySet.Toolchain, version);

    /// <summary>Adds a module version.</summary>
    public void Add(ModuleVersion module) => _all.Add(new VulnSubject(module.Path.Value, module.Version));

    private string? AddVersionOrFault(string word)
    {
        var at = word.LastIndexOf('@');
        var (path, version) = (word[..at], word[(at + 1)..]);
        if (path is AdvisorySet.StandardLibrary or AdvisorySet.Toolchain)
            return AddGoOrFault(path, version);
        if (!ModuleVersion.TryParse(path, version, out var module, out var error))
            return error;
        Add(module);
        return null;
    }

    private string? AddGoOrFault(string module, string version)
    {
        if (GoRelease.VersionOrNull(version) is not { } canonical)
            return $"{version} is no release of Go: write it as go1.22.3";
        _all.Add(new VulnSubject(module, canonical));
        return null;
    }

    private void AddSums(string file)
    {
        foreach (var line in GoSumLine.Read(Encoding.UTF8.GetString(Read(file))).Where(static line => !line.IsGoMod))
            AddOrSkip(file, line.Path, line.Version);
    }

    private void AddRequirements(string file)
    {
        foreach (var (path, version) in GoModFile.Requirements(Read(file)))
            AddOrSkip(file, path, version);
    }

    private void AddOrSkip(string file, string path, string version)
    {
        if (ModuleVersion.TryParse(path, version, out var module, out var error))
            Add(module);
        else
            _skipped.Add($"{file}: {error}; it is not judged");
    }

    private byte[] Read(string file) => RegularFile.ReadAllBytes(Path.GetFullPath(file, directory));
}
