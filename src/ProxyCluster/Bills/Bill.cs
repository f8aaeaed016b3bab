namespace ProxyCluster.Bills;

/// <summary>A bill of materials: what a build is made of, and what is known of it. A form of it is made by <see cref="BillJson"/> or <see cref="BillXml"/>.</summary>
internal sealed record Bill
{
    /// <summary>When it was made; null where it must not say so, as it would be another one each time.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Its name in the world, <c>urn:uuid:…</c>.</summary>
    public string? Serial { get; init; }

    /// <summary>What it is about; null where that is not known.</summary>
    public BillComponent? Subject { get; init; }

    /// <summary>What it is made of, by their references.</summary>
    public required IReadOnlyList<BillComponent> Components { get; init; }

    /// <summary>Who needs whom; one for each reference of which that is known.</summary>
    public required IReadOnlyList<BillDependency> Dependencies { get; init; }

    /// <summary>CycloneDX's word for how complete the components are: <c>complete</c>, <c>incomplete</c> or <c>unknown</c>.</summary>
    public required string Aggregate { get; init; }

    /// <summary>What is wrong with some of them.</summary>
    public required IReadOnlyList<BillVulnerability> Vulnerabilities { get; init; }
}

/// <summary>Something that a build is, or is made of.</summary>
/// <param name="Ref">Its name in the bill, once each.</param>
/// <param name="Type">CycloneDX's word for what it is: <c>application</c> or <c>library</c>.</param>
/// <param name="Name">The exact module path, or the package that was built. Compare this, not package URLs, of which programs have different ideas.</param>
/// <param name="Version">Its version.</param>
internal sealed record BillComponent(string Ref, string Type, string Name, string? Version)
{
    /// <summary>Its package URL.</summary>
    public string? PackageUrl { get; init; }

    /// <summary>Digest of its zip as it is stored here. An <c>h1:</c> is none of a file, and is a property.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Licences of the module, all of which apply; empty where they are not known, and then a property says why.</summary>
    public IReadOnlyList<string> Licences { get; init; } = [];

    /// <summary>Licences that files below its root have beside these: of parts of it.</summary>
    public IReadOnlyList<string> PartLicences { get; init; } = [];

    /// <summary>More of what is known.</summary>
    public IReadOnlyList<BillProperty> Properties { get; init; } = [];
}

/// <summary>A fact that CycloneDX has no field for.</summary>
internal readonly record struct BillProperty(string Name, string Value);

/// <summary>What one component needs.</summary>
internal sealed record BillDependency(string Ref, IReadOnlyList<string> DependsOn);

/// <summary>An advisory that affects components.</summary>
internal sealed record BillVulnerability(string Id, BillSource Source)
{
    public IReadOnlyList<BillSource> References { get; init; } = [];
    public string? Severity { get; init; }
    public double? Score { get; init; }
    public string? Description { get; init; }
    public string? Recommendation { get; init; }
    public DateTimeOffset? Published { get; init; }
    public DateTimeOffset? Updated { get; init; }

    /// <summary>What was looked at.</summary>
    public required string Detail { get; init; }

    /// <summary>Which components, at which version, and the first that is not affected.</summary>
    public required IReadOnlyList<BillAffected> Affects { get; init; }
}

/// <summary>Who says something.</summary>
/// <param name="Id">Under which name.</param>
/// <param name="Name">Who it is.</param>
/// <param name="Url">Where it can be read.</param>
internal readonly record struct BillSource(string Id, string Name, string Url)
{
    /// <summary>By the form of the name.</summary>
    public static BillSource Of(string id) => id switch
    {
        ['G', 'O', '-', ..] => new(id, "Go Vulnerability Database", "https://pkg.go.dev/vuln/" + id),
        ['C', 'V', 'E', '-', ..] => new(id, "NVD", "https://nvd.nist.gov/vuln/detail/" + id),
        ['G', 'H', 'S', 'A', '-', ..] => new(id, "GitHub Advisories", "https://github.com/advisories/" + id),
        _ => new(id, "OSV", "https://osv.dev/vulnerability/" + Uri.EscapeDataString(id)),
    };
}

/// <summary>A component that an advisory affects.</summary>
/// <param name="Ref">Its reference.</param>
/// <param name="Version">Its version.</param>
/// <param name="Fixed">The first version above that is not affected; null where none is known.</param>
internal readonly record struct BillAffected(string Ref, string Version, string? Fixed)
{
    /// <summary>The versions of which something is known, with CycloneDX's word for it.</summary>
    public IReadOnlyList<(string Version, string Status)> Statuses => Fixed is null ? [(Version, "affected")] : [(Version, "affected"), (Fixed, "unaffected")];
}
