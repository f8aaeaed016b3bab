using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Policy;

/// <summary>Which advisories a rule is about: all that is said must hold of one of those that affect a version.</summary>
/// <param name="Ids">Globs of its name or an alias, <c>CVE-…</c>, <c>GHSA-…</c>; empty for all.</param>
/// <param name="AtLeast">How bad it says it is, or worse; null for all.</param>
/// <param name="WithUnrated">Where that is said, also those that do not say.</param>
/// <param name="Age">Published at least so long ago. One without a date is old.</param>
/// <param name="IsFixed">Is there a version above that is fixed? Null for both.</param>
internal sealed record AdvisoryCondition(ImmutableArray<string> Ids, SeverityLevel? AtLeast, bool WithUnrated, TimeSpan Age, bool? IsFixed)
{
    /// <summary>Is a rule about it?</summary>
    public bool Includes(in AdvisoryMatch match, DateTimeOffset now) =>
        (Ids.IsEmpty || IsNamed(match.Advisory))
        && (AtLeast is not { } level || (match.Advisory.Severity is { } severity ? severity.Level >= level : WithUnrated))
        && !(match.Advisory.Published + Age > now)
        && (IsFixed is not { } isFixed || isFixed == match.FirstFixed is not null);

    private bool IsNamed(Advisory advisory)
    {
        foreach (var glob in Ids)
        {
            if (Glob.IsMatch(glob, advisory.Id) || advisory.Aliases.Any(alias => Glob.IsMatch(glob, alias)))
                return true;
        }

        return false;
    }
}

/// <summary>The advisories that a policy judges by until there are others or the hour is over; immutable.</summary>
/// <param name="Set">Those in force.</param>
/// <param name="At">Now, as far as they are concerned: ages count by the hour.</param>
internal sealed record PolicyAdvisories(AdvisorySet Set, DateTimeOffset At)
{
    private const int MaxNamed = 3;
    private const int MaxAliases = 2;
    private const int MaxSummary = 100;

    /// <summary>None.</summary>
    public static PolicyAdvisories None { get; } = new(AdvisorySet.Empty, default);

    /// <summary>Those in force, at the hour of a time.</summary>
    public static PolicyAdvisories Of(AdvisorySet set, DateTimeOffset now) => new(set, now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerHour)));

    /// <summary>Those about a version that a rule is about.</summary>
    public IReadOnlyList<AdvisoryMatch> Find(AdvisoryCondition condition, ModulePath module, string version) =>
        [.. Set.Find(module.Value, version, At).Where(match => condition.Includes(match, At))];

    /// <summary>What to say of them: their names, and where they are fixed first.</summary>
    public static string Say(IReadOnlyList<AdvisoryMatch> matches)
    {
        var named = string.Join("; ", matches.Take(MaxNamed).Select(static match =>
            $"{match.Id}{(match.Advisory.Aliases is [] ? "" : $" ({string.Join(", ", match.Advisory.Aliases.Take(MaxAliases))})")}"
            + (match.FirstFixed is { } first ? $", first fixed in {first}" : ", not fixed in any version")));
        var more = matches.Count > MaxNamed ? string.Create(CultureInfo.InvariantCulture, $"; and {matches.Count - MaxNamed} more") : "";
        var summary = matches is [{ Advisory.Summary: { Length: > 0 } only }] ? $" ({LogText.Clean(only, MaxSummary)})" : "";
        return named + more + summary;
    }

    /// <summary>The least version in which each of them is fixed, as far as each says; null where one is not.</summary>
    public static string? FixedOrNull(IReadOnlyList<AdvisoryMatch> matches) =>
        matches.All(static match => match.FirstFixed is not null) ? matches.Select(static match => match.FirstFixed!).Max(Semver.Order) : null;
}
