using System.Collections.Immutable;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Drills.Load;

/// <summary>
/// What a drill asks for, in the three kinds of a build farm's day: artifacts that the cluster has, artifacts that it does
/// not have yet, and queries. Which one comes next depends on the seed and the order of the calls alone.
/// </summary>
internal sealed class DrillCatalog
{
    /// <summary>The part of all requests that asks for what the cluster does not have yet.</summary>
    public const double MissShare = Misses / 100.0;

    // Percent of all requests; the rest are hits.
    private const int Misses = 10;
    private const int QueryPart = 20;

    private readonly Random _random;
    private int _nextCold;

    private DrillCatalog(
        ImmutableArray<DrillObject> warm, ImmutableArray<DrillObject> cold, ImmutableArray<DrillObject> queries, int seed)
    {
        Warm = warm;
        Cold = cold;
        Queries = queries;
        _random = new Random(seed);
    }

    /// <summary>Artifacts to fetch before the drill begins.</summary>
    public ImmutableArray<DrillObject> Warm { get; }

    /// <summary>Lists and latest versions of what is warm.</summary>
    public ImmutableArray<DrillObject> Queries { get; }

    /// <summary>Artifacts to ask for one after the other, in the order in which <c>go</c> asks: info, mod, zip.</summary>
    public ImmutableArray<DrillObject> Cold { get; }

    /// <summary>Artifacts of <see cref="Cold"/> that nobody has asked for so far.</summary>
    public int ColdLeft => Cold.Length - _nextCold;

    /// <summary>Draws one up.</summary>
    /// <param name="modules">Everything that upstream has.</param>
    /// <param name="warm">So many of them, the first, are warm; the others cold.</param>
    /// <param name="seed">Makes the order repeatable.</param>
    public static DrillCatalog Of(IReadOnlyList<PackedModule> modules, int warm, int seed) => new(
        [.. modules.Take(warm).SelectMany(ArtifactsOf)],
        [.. modules.Skip(warm).SelectMany(ArtifactsOf)],
        [.. modules.Take(warm).GroupBy(static packed => packed.Module.Path).SelectMany(QueriesOf)],
        seed);

    /// <summary>Draws one up from artifacts that are known by their hashes, such as those of go.sum files.</summary>
    /// <param name="warm">Those to fetch before the drill begins; what is no artifact is asked as a query.</param>
    /// <param name="cold">Those to ask for once each.</param>
    /// <param name="seed">Makes the order repeatable.</param>
    public static DrillCatalog Of(IEnumerable<DrillObject> warm, IEnumerable<DrillObject> cold, int seed)
    {
        var known = warm.ToLookup(static asked => asked.IsArtifact);
        return new DrillCatalog([.. known[true]], [.. cold], [.. known[false]], seed);
    }

    /// <summary>The next request. When the cold artifacts are used up, hits take their place.</summary>
    public (AskedFor Kind, DrillObject Object) Next()
    {
        var dice = _random.Next(100);
        if (dice < Misses && _nextCold < Cold.Length)
            return (AskedFor.Miss, Cold[_nextCold++]);
        return dice is >= Misses and < Misses + QueryPart && Queries.Length > 0
            ? (AskedFor.Query, Queries[_random.Next(Queries.Length)])
            : (AskedFor.Hit, Warm[_random.Next(Warm.Length)]);
    }

    private static IEnumerable<DrillObject> ArtifactsOf(PackedModule packed)
    {
        var name = $"{packed.Module.Path.Escaped}/@v/{packed.Module.EscapedVersion}";
        yield return DrillObject.WithBytes(name + ".info", packed.Info);
        yield return DrillObject.WithBytes(name + ".mod", packed.GoMod);
        yield return DrillObject.WithBytes(name + ".zip", packed.Zip);
    }

    private static IEnumerable<DrillObject> QueriesOf(IGrouping<ModulePath, PackedModule> versions)
    {
        var released = versions.Select(static packed => packed.Module.Version)
            .Where(static version => !PseudoVersion.IsPseudo(version)).ToList();
        if (released.Count == 0)
            yield break;
        yield return DrillObject.Containing($"{versions.Key.Escaped}/@v/list", [.. released.Select(static version => version + "\n")]);
        yield return DrillObject.Containing($"{versions.Key.Escaped}/@latest", "\"Version\":\"v");
    }
}
