using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>One event of a range; versions with their <c>v</c>, or <c>0</c> for the beginning of time.</summary>
internal readonly record struct AdvisoryEvent(string? Introduced, string? Fixed, string? LastAffected)
{
    public const string Beginning = "0";

    /// <summary>What it is sorted by; the text of none is no version, and so below every one.</summary>
    public string At => Fixed ?? Introduced ?? LastAffected ?? "";
}

/// <summary>
/// A range of an advisory. Its events are sorted once, here: in records they may come in any order.
/// </summary>
internal sealed class AdvisoryRange
{
    private readonly AdvisoryEvent[] _events;

    private AdvisoryRange(AdvisoryEvent[] events, string[] limits) => (_events, Limits) = (events, limits);

    /// <summary>It ends below the greatest of these; empty for no end.</summary>
    private string[] Limits { get; }

    /// <summary>It says no more than that all versions are affected: the record says elsewhere which.</summary>
    public bool IsAll => Limits.Length == 0 && (_events.Length == 0
        || (Array.Exists(_events, static e => e.Introduced == AdvisoryEvent.Beginning) && Array.TrueForAll(_events, static e => e.Fixed is null && e.LastAffected is null)));

    /// <summary>All versions that fix it.</summary>
    public IEnumerable<string> Fixes => _events.Select(static e => e.Fixed).OfType<string>();

    /// <summary>Every version in it can be compared.</summary>
    public bool IsReadable => Array.TrueForAll(_events, static e => IsReadableVersion(e.Introduced) && IsReadableVersion(e.Fixed) && IsReadableVersion(e.LastAffected))
        && Array.TrueForAll(Limits, static limit => IsReadableVersion(limit));

    public static AdvisoryRange Of(OsvRange range)
    {
        // Stable, as govulncheck sorts.
        var written = (range.Events ?? []).OfType<OsvEvent>().ToList();
        var events = written
            .Select(static e => new AdvisoryEvent(VersionOrNull(e.Introduced), VersionOrNull(e.Fixed), VersionOrNull(e.LastAffected)))
            .OrderBy(static e => e, Comparer<AdvisoryEvent>.Create(Compare))
            .ToArray();
        return new AdvisoryRange(events, [.. written.Select(static e => VersionOrNull(e.Limit)).OfType<string>().Where(static limit => limit != "v*")]);
    }

    /// <summary>Does govulncheck find a version in it? It knows <c>introduced</c> and <c>fixed</c>, and takes a range without events for all versions.</summary>
    public bool HoldsForGovulncheck(string version) => Holds(version, knowsLast: false, _events);

    /// <summary>Is a version in it, as the OSV schema says?</summary>
    public bool Holds(string version) =>
        Holds(version, knowsLast: true, _events)
        && (Limits.Length == 0 || Array.Exists(Limits, limit => Semver.Compare(version, limit) < 0));

    // Left closed, right open; after last_affected, right closed.
    private static bool Holds(string version, bool knowsLast, AdvisoryEvent[] events)
    {
        if (events.Length == 0)
            return true;

        var isIn = false;
        foreach (var e in events)
        {
            if (!isIn && e.Introduced is { } introduced)
                isIn = introduced == AdvisoryEvent.Beginning || Semver.Compare(version, introduced) >= 0;
            else if (isIn && e.Fixed is { } @fixed)
                isIn = Semver.Compare(version, @fixed) < 0;
            else if (isIn && knowsLast && e.LastAffected is { } last)
                isIn = Semver.Compare(version, last) <= 0;
        }

        return isIn;
    }

    private static int Compare(AdvisoryEvent a, AdvisoryEvent b)
    {
        var (aIsFirst, bIsFirst) = (a.Introduced == AdvisoryEvent.Beginning, b.Introduced == AdvisoryEvent.Beginning);
        return aIsFirst || bIsFirst ? bIsFirst.CompareTo(aIsFirst) : Semver.Compare(a.At, b.At);
    }

    private static bool IsReadableVersion(string? version) => version is null or AdvisoryEvent.Beginning || Semver.IsValid(version);

    // An empty one counts as absent.
    private static string? VersionOrNull(string? text) => text switch
    {
        null or "" => null,
        AdvisoryEvent.Beginning => AdvisoryEvent.Beginning,
        _ => AdvisoryVersions.WithPrefix(text),
    };
}
