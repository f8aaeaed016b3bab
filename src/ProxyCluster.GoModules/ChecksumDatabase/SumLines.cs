using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>The two hashes that a record gives for one module version; an absent line is null.</summary>
/// <param name="ZipH1"><c>h1:…</c> of the zip, or null.</param>
/// <param name="GoModH1"><c>h1:…</c> of go.mod, or null.</param>
public readonly record struct SumLines(string? ZipH1, string? GoModH1)
{
    /// <summary>True when the record says nothing about the module version.</summary>
    public bool AreAbsent => ZipH1 is null && GoModH1 is null;

    /// <summary>
    /// Reads the lines of <paramref name="module"/> out of a record. Give it the authenticated record and nothing else:
    /// lines of the signed note around it prove nothing (CVE-2026-56864). Hashes of other kinds are passed over; two
    /// different <c>h1:</c> for one name cancel each other, so that neither can be chosen.
    /// </summary>
    public static SumLines In(string recordText, ModuleVersion module) =>
        new(Find(recordText, $"{module.Path} {module.Version} h1:"), Find(recordText, $"{module.Path} {module.Version}/go.mod h1:"));

    private static string? Find(string recordText, string prefix)
    {
        string? found = null;
        foreach (var range in recordText.AsSpan().Split('\n'))
        {
            var line = recordText.AsSpan(range);
            if (!line.StartsWith(prefix, StringComparison.Ordinal))
                continue;

            var hash = line[(prefix.Length - "h1:".Length)..].ToString();
            if (found is not null && found != hash)
                return null;
            found = hash;
        }

        return found;
    }
}
