using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Benchmarks.Synthetic;

/// <summary>
/// A <c>file://</c> upstream with one module that nobody signs: v1.0.0 of common size, v1.1.0 with a zip of 100 MB. The
/// content is the same in every run and does not compress, so the zips have the sizes that they are named after.
/// </summary>
internal sealed class SyntheticModules
{
    /// <summary>The patterns under which the proxy accepts it without a checksum database.</summary>
    public const string NoSumPatterns = "example.com/bench";

    private const int SmallZip = 60 << 10;
    private const int LargeZip = 100 << 20;
    private static readonly ModulePath Module = ModulePath.Parse("example.com/bench");

    private SyntheticModules(string directory) => Directory = directory;

    public string Directory { get; }

    /// <summary>As an upstream.</summary>
    public string Url => $"file://{Directory}";

    public static string Info => $"/{Module}/@v/v1.0.0.info";

    public static string Mod => $"/{Module}/@v/v1.0.0.mod";

    public static string List => $"/{Module}/@v/list";

    public static string Zip => $"/{Module}/@v/v1.0.0.zip";

    public static string HundredMegabytes => $"/{Module}/@v/v1.1.0.zip";

    public static IReadOnlyList<string> All => [Info, Mod, List, Zip, HundredMegabytes];

    /// <summary>Writes the tree.</summary>
    public static SyntheticModules Create(string directory)
    {
        var files = System.IO.Directory.CreateDirectory(Path.Combine(directory, Module.Escaped, "@v")).FullName;
        File.WriteAllLines(Path.Combine(files, "list"), Enumerable.Range(0, 2).Select(minor => $"v1.{minor}.0"));
        Write(files, "v1.0.0", SmallZip);
        Write(files, "v1.1.0", LargeZip);
        return new SyntheticModules(directory);
    }

    private static void Write(string directory, string version, int zipBytes)
    {
        var goMod = Encoding.UTF8.GetBytes($"module {Module}\n\ngo 1.19\n\nrequire (\n" + string.Concat(
            Enumerable.Range(1, 20).Select(i => $"\texample.com/dependency{i} v1.2.{i}\n")) + ")\n");
        File.WriteAllBytes(Path.Combine(directory, version + ".mod"), goMod);
        File.WriteAllText(Path.Combine(directory, version + ".info"),
            $$"""{"Version":"{{version}}","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git","URL":"https://{{Module}}","Hash":"0123456789abcdef0123456789abcdef01234567","Ref":"refs/tags/{{version}}"} }""");

        if (!ModuleVersion.TryCreate(Module, version, out var module, out var error))
            throw new InvalidOperationException(error);
        using var zip = File.Create(Path.Combine(directory, version + ".zip"));
        var created = ModuleZip.Create(zip, module, Files(goMod, zipBytes));
        if (!created.IsValid)
            throw new InvalidOperationException(created.Check.ToString());
    }

    private static List<ModuleFile> Files(byte[] goMod, int zipBytes)
    {
        // Twenty files; what a zip adds for each is left off their content.
        const int count = 20;
        var random = new Random(1);
        var files = new List<ModuleFile> { ModuleFile.Of("go.mod", goMod) };
        for (var i = 0; i < count; i++)
        {
            var content = new byte[(zipBytes - 4096) / count];
            random.NextBytes(content);
            files.Add(ModuleFile.Of(string.Create(CultureInfo.InvariantCulture, $"part{i}.bin"), content));
        }

        return files;
    }
}
