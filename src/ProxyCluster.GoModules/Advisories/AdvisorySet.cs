using System.Collections.Frozen;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>Advisories by the modules that they are about; immutable.</summary>
public sealed class AdvisorySet
{
    /// <summary>The name that stands for the standard library in advisories.</summary>
    public const string StandardLibrary = "stdlib";

    /// <summary>The name that stands for Go's own commands.</summary>
    public const string Toolchain = "toolchain";

    private readonly FrozenDictionary<string, Advisory[]> _byModule;

    /// <summary>Of two with the same name, the one that was modified later counts.</summary>
    public AdvisorySet(IEnumerable<Advisory> advisories)
    {
        var all = advisories
            .GroupBy(static advisory => advisory.Id, StringComparer.Ordinal)
            .Select(static same => same.MaxBy(static advisory => advisory.Modified ?? DateTimeOffset.MinValue)!)
            .OrderBy(static advisory => advisory.Id, StringComparer.Ordinal)
            .ToList();
        Count = all.Count;
        Newest = all.Max(static advisory => advisory.Modified);
        _byModule = all.SelectMany(static advisory => advisory.Modules, static (advisory, module) => (Module: module, Advisory: advisory))
            .GroupBy(static pair => pair.Module, static pair => pair.Advisory, StringComparer.Ordinal)
            .ToFrozenDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>None.</summary>
    public static AdvisorySet Empty { get; } = new([]);

    /// <summary>How many there are, withdrawn ones among them.</summary>
    public int Count { get; }

    /// <summary>How many modules they are about.</summary>
    public int Modules => _byModule.Count;

    /// <summary>When one was modified last, or null.</summary>
    public DateTimeOffset? Newest { get; }

    /// <summary>Is there one about any version of a module?</summary>
    public bool Concerns(string module) => _byModule.Count > 0 && _byModule.ContainsKey(module);

    /// <summary>Those that affect a version, by their names; those that were withdrawn before <paramref name="now"/> do not.</summary>
    /// <param name="module">The module path, <see cref="StandardLibrary"/> or <see cref="Toolchain"/>; letters of another case are another module.</param>
    /// <param name="version">The version, with its <c>v</c>.</param>
    /// <param name="now">When it is asked.</param>
    public IReadOnlyList<AdvisoryMatch> Find(string module, string version, DateTimeOffset now)
    {
        if (_byModule.Count == 0 || !_byModule.TryGetValue(module, out var about))
            return [];

        List<AdvisoryMatch>? found = null;
        foreach (var advisory in about)
        {
            if (!(advisory.Withdrawn < now) && advisory.Affects(module, version) is var by and not AdvisoryReadings.None)
                (found ??= []).Add(new AdvisoryMatch(advisory, by, advisory.FirstFixedOrNull(module, version)));
        }

        return found ?? (IReadOnlyList<AdvisoryMatch>)[];
    }
}
