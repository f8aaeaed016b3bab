using System.Globalization;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Builds;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Verification;

namespace ProxyCluster.Bills;

/// <summary>Makes a bill of what was read and found. Pure: the same input gives the same bill, to the byte.</summary>
/// <param name="input">What the build is made of.</param>
/// <param name="facts">What is known of its modules, by their names.</param>
/// <param name="advisories">What is known to be wrong with them; null where nobody was asked.</param>
internal sealed class BillMaker(BillInput input, IReadOnlyDictionary<string, BillFacts> facts, AdvisorySet? advisories)
{
    private const string Property = "proxycluster:";

    /// <summary>The bill.</summary>
    /// <param name="time">When it says that it was made; null for nothing.</param>
    /// <param name="now">When advisories are judged.</param>
    public Bill Make(DateTimeOffset? time, DateTimeOffset now)
    {
        var modules = input.Modules();
        var subjects = input.Subjects();
        var refs = modules.ToLookup(static one => one.Path, static one => one.Module.Name, StringComparer.Ordinal);
        var releases = input.Releases();
        var components = modules.Select(static one => one.Module).DistinctBy(static module => module.Name).Select(Component)
            .Concat(releases.Select(StandardLibrary))
            .Concat(subjects is [_] ? [] : subjects.Select(OfSubject))
            .OrderBy(static component => component.Ref, StringComparer.Ordinal)
            .ToList();
        var bill = new Bill
        {
            Time = time,
            Subject = subjects is [var one] ? OfSubject(one) : null,
            Components = components,
            Aggregate = input.Aggregate,
            Dependencies =
            [
                .. subjects.Where(static subject => subject.Needs is not null)
                    .Select(subject => new BillDependency(RefOf(subject), [.. Needs(subject.Needs!).Concat(releases.Select(RefOfRelease)).Distinct().Order(StringComparer.Ordinal)])),
                .. modules.Where(one => input.NeedsOf(one.Path) is not null)
                    .Select(one => new BillDependency(one.Module.Name, [.. Needs(input.NeedsOf(one.Path)!)]))
                    .DistinctBy(static dependency => dependency.Ref),
            ],
            Vulnerabilities = [.. Vulnerabilities([.. modules.Select(static one => one.Module)], releases, now)],
        };
        return bill with { Serial = BillJson.SerialOf(bill) };

        IEnumerable<string> Needs(IReadOnlyList<string> paths) => paths.SelectMany(path => refs[path]).Distinct().Order(StringComparer.Ordinal);
    }

    private static BillComponent OfSubject(BillSubject subject) => new(RefOf(subject), subject.Type, subject.Name, subject.Version)
    {
        PackageUrl = subject.Module is { } module ? PackageUrl.Of(module, subject.Version is { } version && Semver.IsValid(version) ? version : null, subject.Name) : null,
    };

    private static BillComponent StandardLibrary(string release) => new(RefOfRelease(release), "library", AdvisorySet.StandardLibrary, release)
    {
        PackageUrl = PackageUrl.Of(AdvisorySet.StandardLibrary, release.StartsWith("go", StringComparison.Ordinal) ? release[2..] : release),
        Licences = ["BSD-3-Clause"],
    };

    private BillComponent Component(BuildModule module)
    {
        var known = facts.GetValueOrDefault(module.Name) ?? BillFacts.None(module.Directory is null ? "its version is none of a module" : "a directory stands in its place");
        var h1 = module.H1 ?? known.Record?.ZipH1 ?? known.H1;
        (string Name, string? Value)[] properties =
        [
            ("conflict", known.Conflict),
            ("directory", module.Directory),
            ("h1", h1),
            ("h1:go.mod", module.GoModH1 ?? (known.Conflict is null ? known.Record?.GoModH1 : null)),
            ("licence", known.Licences.Doubt),
            ("origin", known.Origin ?? known.Record?.Zip?.Source),
            ("proof", known.Record?.VerifiedByOf(ArtifactKind.Zip) is { } by ? ProofOf(by) : null),
            ("replaces", module.Replaces),
        ];
        return new BillComponent(module.Name, "library", module.Path, module.Version)
        {
            // Whoever follows the address of a module that a directory replaces finds other code.
            PackageUrl = module.Directory is null ? PackageUrl.Of(module.Path, module.Version) : null,
            Sha256 = known.Record?.Zip?.Sha256.ToHex(),
            Licences = known.Licences.Ids,
            PartLicences = known.Licences.Parts,
            Properties = [.. properties.Where(static one => one.Value is not null).Select(static one => new BillProperty(Property + one.Name, one.Value!))],
        };
    }

    private static string ProofOf(VerifiedBy by) => by.Kind == VerificationKind.NoSumPattern
        ? $"none ({by.Authority})"
        : by.Proof is { } proof ? string.Create(CultureInfo.InvariantCulture, $"{proof.Database} record {proof.RecordId}") : by.Authority;

    private IEnumerable<BillVulnerability> Vulnerabilities(IReadOnlyList<BuildModule> modules, IReadOnlyList<string> releases, DateTimeOffset now)
    {
        if (advisories is null)
            return [];
        var asked = modules.Where(static module => module.Directory is null).Select(static module => new Judged(module.Name, module.Path, module.Version, IsGo: false))
            .Concat(releases.Select(static release => (Name: release, Version: GoRelease.VersionOrNull(release))).Where(static release => release.Version is not null)
                .Select(static release => new Judged(RefOfRelease(release.Name), AdvisorySet.StandardLibrary, release.Version!, IsGo: true)));
        return asked
            .SelectMany(one => advisories.Find(one.Path, one.Version, now).Select(match => (match.Advisory, match.By, Affected: one.AffectedBy(match))))
            .GroupBy(static found => found.Advisory.Id, StringComparer.Ordinal)
            .OrderBy(static group => group.Key, StringComparer.Ordinal)
            .Select(static group => OfAdvisory(group.First().Advisory, group.Aggregate(AdvisoryReadings.None, static (by, one) => by | one.By), [.. group.Select(static one => one.Affected).Distinct()]));
    }

    private static BillVulnerability OfAdvisory(Advisory advisory, AdvisoryReadings by, IReadOnlyList<BillAffected> affected) => new(advisory.Id, BillSource.Of(advisory.Id))
    {
        References = [.. advisory.Aliases.Order(StringComparer.Ordinal).Select(BillSource.Of)],
        Severity = advisory.Severity?.Level.ToString().ToLowerInvariant(),
        Score = advisory.Severity?.Score,
        Description = advisory.Summary.Length == 0 ? null : advisory.Summary,
        Published = advisory.Published,
        Updated = advisory.Modified,
        Recommendation = affected.Any(static one => one.Fixed is not null)
            ? string.Join("; ", affected.Where(static one => one.Fixed is not null).Select(static one => $"take {one.Fixed} of {one.Ref.Split('@')[0]} or later"))
            : null,
        Detail = "Judged by the version; whether the code that is affected is called was not looked at." + by switch
        {
            AdvisoryReadings.Govulncheck => " By govulncheck's reading of the advisory alone.",
            AdvisoryReadings.Record => " By the reading of the whole record alone.",
            _ => "",
        },
        Affects = affected,
    };

    private static string RefOf(BillSubject subject) => $"main:{subject.Name}{(subject.Version is null ? "" : "@" + subject.Version)}";

    private static string RefOfRelease(string release) => $"{AdvisorySet.StandardLibrary}@{release}";

    // Advisories count releases of Go as versions; people name them as the go command does.
    private readonly record struct Judged(string Ref, string Path, string Version, bool IsGo)
    {
        public BillAffected AffectedBy(AdvisoryMatch match) => new(Ref, Shown(Version), match.FirstFixed is { } first ? Shown(first) : null);

        private string Shown(string version) => IsGo ? "go" + version[1..] : version;
    }
}
