using System.IO.Compression;
using System.Text;

namespace ProxyCluster.EndToEnd.HostileUpstream;

/// <summary>A module whose zip breaks the rules, in a way that only the rules can catch: the checksum database vouches for it.</summary>
/// <param name="Name">What is wrong with it; also the last element of its module path.</param>
/// <param name="Entries">Entry names after <c>path@version/</c> (a leading <c>=</c> stands for the whole name), with contents.</param>
internal sealed record HostileZip(string Name, IReadOnlyList<(string Name, string Content)> Entries)
{
    public const string Version = "v1.0.0";

    private static readonly string SeventeenMegabytes = new('/', 17 << 20);

    public static IReadOnlyList<HostileZip> All { get; } =
    [
        new("parent-entry", [("go.mod", "module m\n"), ("../escape.go", "package escape\n")]),
        new("deep-parent-entry", [("go.mod", "module m\n"), ("a/../../../../tmp/escape.go", "package escape\n")]),
        new("absolute-entry", [("=/tmp/escape.go", "package escape\n")]),
        new("backslash-entry", [("a\\..\\escape.go", "package escape\n")]),
        new("case-collision", [("readme.go", "package a\n"), ("README.go", "package b\n")]),
        new("case-collision-of-directories", [("dir/a.go", "package a\n"), ("DIR/b.go", "package b\n")]),
        new("unicode-case-collision", [("k.go", "package a\n"), ("\u212a.go", "package b\n")]),
        new("duplicate-entry", [("a.go", "package a\n"), ("a.go", "package a\n\nfunc Evil() {}\n")]),
        new("file-and-directory", [("a", "package a\n"), ("a/b.go", "package b\n")]),
        new("other-module", [("=github.com/pkg/errors@v0.9.1/errors.go", "package errors\n")]),
        new("nested-go-mod", [("go.mod", "module m\n"), ("sub/go.mod", "module sub\n")]),
        new("go-mod-in-capitals", [("GO.MOD", "module m\n")]),
        new("windows-name", [("aux.go", "package a\n")]),
        new("oversized-go-mod", [("go.mod", "module m\n" + SeventeenMegabytes)]),
        new("oversized-licence", [("LICENSE", SeventeenMegabytes)]),
    ];

    public string ModulePath => $"hostile.example.test/{Name}";

    /// <summary>Writes the module into an upstream tree.</summary>
    public void WriteTo(string tree)
    {
        var directory = Path.Combine(tree, ModulePath, "@v");
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, $"{Version}.info"), $$"""{"Version":"{{Version}}","Time":"2023-06-10T00:00:00Z"}""");
        File.WriteAllText(Path.Combine(directory, $"{Version}.mod"), $"module {ModulePath}\n");
        File.WriteAllBytes(Path.Combine(directory, $"{Version}.zip"), ZipBytes());
    }

    private byte[] ZipBytes()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8))
        {
            foreach (var (name, content) in Entries)
            {
                var entry = zip.CreateEntry(name.StartsWith('=') ? name[1..] : $"{ModulePath}@{Version}/{name}");
                using var writer = entry.Open();
                writer.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return bytes.ToArray();
    }
}
