using System.IO.Compression;
using System.Text;
using ProxyCluster.GoModules.Licences;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Bills;

/// <summary>What the files of a module say of its licence.</summary>
/// <param name="Ids">Licences of the files at its root, which all apply; empty where none is known.</param>
/// <param name="Parts">What files below have beside these.</param>
/// <param name="Doubt">What a person should look at; null where nothing is open.</param>
internal sealed record ModuleLicences(IReadOnlyList<string> Ids, IReadOnlyList<string> Parts, string? Doubt)
{
    // A sentence that names more of them helps nobody.
    private const int MaxNamed = 3;

    /// <summary>Why nothing is known.</summary>
    public static ModuleLicences Unknown(string why) => new([], [], why);

    /// <summary>Reads them out of a module zip, which was checked before.</summary>
    public static ModuleLicences Read(Stream zip, ModuleVersion module)
    {
        using var archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
        var (ids, parts) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        List<string> unknown = [], more = [];
        var prefix = $"{module}/";
        var isAny = false;
        foreach (var entry in archive.Entries.OrderBy(static entry => entry.FullName, StringComparer.Ordinal))
        {
            if (!entry.FullName.StartsWith(prefix, StringComparison.Ordinal) || !LicenceFiles.IsName(entry.FullName))
                continue;
            var name = entry.FullName[prefix.Length..];
            var isRoot = !name.Contains('/', StringComparison.Ordinal);
            isAny |= isRoot;
            if (TextOrNull(entry) is not { } text)
            {
                more.Add(name);
                continue;
            }

            var reading = LicenceTexts.Read(text);
            (isRoot ? ids : parts).UnionWith(reading.Ids);
            if (isRoot && reading.Ids.Count == 0)
                unknown.Add(name);
            else if (isRoot && reading.OtherWords > 0)
                more.Add($"{name} ({reading.OtherWords} words)");
        }

        parts.ExceptWith(ids);
        string?[] doubts =
        [
            isAny ? null : "no licence file at the root",
            unknown.Count == 0 ? null : $"no known text in {Named(unknown)}",
            more.Count == 0 ? null : $"more than known texts in {Named(more)}",
        ];
        var doubt = string.Join("; ", doubts.Where(static one => one is not null));
        return new ModuleLicences([.. ids], [.. parts], doubt.Length == 0 ? null : doubt);
    }

    private static string? TextOrNull(ZipArchiveEntry entry)
    {
        if (entry.Length > LicenceFiles.MaxSize)
            return null;
        using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static string Named(List<string> files) =>
        string.Join(", ", files.Take(MaxNamed)) + (files.Count > MaxNamed ? $" and {files.Count - MaxNamed} more" : "");
}
