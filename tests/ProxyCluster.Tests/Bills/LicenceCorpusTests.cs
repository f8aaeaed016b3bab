using System.Text.Json;
using ProxyCluster.GoModules.Licences;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Bills;

/// <summary>Real licence texts, and what others say that they are.</summary>
public sealed class LicenceCorpusTests
{
    // Debian's names for what the SPDX list calls otherwise.
    private static readonly Dictionary<string, string> Spdx = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Expat"] = "MIT",
        ["Go"] = "BSD-3-Clause", // and a grant of patents
        ["X11"] = "MIT",
        ["FreeBSD"] = "BSD-2-Clause",
    };

    [Fact]
    [Trait("Needs", "corpus")]
    public void Read_WhatDebianSaysOfGoModules_IsTheSame()
    {
        var known = LicenceTexts.KnownIds.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var read = Directory.EnumerateDirectories("/usr/share/doc", "golang-*-dev")
            .SelectMany(static directory => Stanzas(Path.Combine(directory, "copyright")))
            .Select(stanza => (stanza.File, Said: Spdx.GetValueOrDefault(stanza.Licence, stanza.Licence.Split('~')[0]), Reading: LicenceTexts.Read(stanza.Text)))
            .Where(stanza => known.Contains(stanza.Said))
            .ToList();

        Assert.InRange(read.Count, 100, 10_000);
        Assert.Empty(read.Where(static one => !one.Reading.Ids.SequenceEqual([one.Said], StringComparer.OrdinalIgnoreCase)).Select(static one => $"{one.File}: {one.Said}, read as {string.Join(' ', one.Reading.Ids)}"));
    }

    [Fact]
    [Trait("Needs", "azurite")]
    public void Read_WhatPackagesDeclare_IsHardlyEverSomethingElse()
    {
        var known = LicenceTexts.KnownIds.ToHashSet(StringComparer.Ordinal);
        var read = Directory.EnumerateFiles(Path.Combine(Repository.Cache, "azurite", "node_modules"), "package.json", SearchOption.AllDirectories)
            .Select(static file => (Directory: Path.GetDirectoryName(file)!, Declared: DeclaredOrNull(file)))
            .Where(package => package.Declared is not null && known.Contains(package.Declared))
            .Select(static package => (package.Directory, package.Declared, Files: Directory.EnumerateFiles(package.Directory).Where(static file => LicenceFiles.IsName(file)).ToList()))
            .Where(static package => package.Files.Count > 0)
            .Select(static package => (package.Directory, package.Declared, Read: string.Join(" AND ", package.Files.SelectMany(static file => LicenceTexts.Read(File.ReadAllText(file)).Ids).Distinct().Order(StringComparer.Ordinal))))
            .ToList();

        // fs.realpath declares ISC and has the text of MIT in its file as well.
        Assert.InRange(read.Count, 200, 10_000);
        var others = read.Where(static one => one.Read != one.Declared).Select(static one => $"{one.Directory}: {one.Declared}, read as {one.Read}").ToList();
        Assert.True(others.Count <= read.Count / 100, string.Join('\n', others));
    }

    // Debian's machine-readable copyright format, 1.0: a field, and its text on lines that begin with a blank.
    private static IEnumerable<(string File, string Licence, string Text)> Stanzas(string file)
    {
        var lines = File.Exists(file) ? File.ReadAllLines(file) : [];
        for (var i = 0; i < lines.Length && lines[0].StartsWith("Format", StringComparison.Ordinal); i++)
        {
            if (!lines[i].StartsWith("License: ", StringComparison.Ordinal))
                continue;
            var text = string.Join('\n', lines.Skip(i + 1).TakeWhile(static line => line.StartsWith(' ')).Select(static line => line == " ." ? "" : line));

            // A reference to a text is none.
            if (text.Length > 400)
                yield return ($"{file}:{i + 1}", lines[i]["License: ".Length..].Trim(), text);
        }
    }

    private static string? DeclaredOrNull(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.TryGetProperty("license", out var licence) && licence.ValueKind == JsonValueKind.String ? licence.GetString() : null;
        }
        catch (JsonException)
        {
            return null; // a test of some parser
        }
    }
}
