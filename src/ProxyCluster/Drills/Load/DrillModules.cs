using System.Globalization;
using System.Text;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Drills.Load;

/// <summary>
/// The module versions that a drill's upstream has. Made here, so that a drill needs no network and never runs out of
/// what nobody has asked for yet; or read from a directory, so that it runs on real ones.
/// </summary>
internal static class DrillModules
{
    private const string Prefix = "drill.proxycluster.dev/";
    private const string Time = "2026-01-02T03:04:05Z";
    private const int VersionsPerModule = 8;

    // Bytes of source per module, in turn: most modules are small, some are not.
    private static readonly int[] Sizes = [2_000, 6_000, 6_000, 20_000, 60_000, 2_000, 6_000, 400_000];

    /// <summary>Makes <paramref name="count"/> module versions; the same seed makes the same bytes.</summary>
    public static IEnumerable<PackedModule> Make(int count, int seed)
    {
        for (var number = 0; number < count; number++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{Prefix}Lot{seed}/module{number / VersionsPerModule}");
            var version = string.Create(CultureInfo.InvariantCulture, $"v1.{number % VersionsPerModule}.0");
            if (!ModuleVersion.TryParse(path, version, out var module, out var error))
                throw new InvalidOperationException(error);
            yield return PackedModule.Pack(module, Time,
            [
                ModuleFile.Of("go.mod", Encoding.UTF8.GetBytes($"module {path}\n\ngo 1.19\n")),
                ModuleFile.Of("module.go", Encoding.UTF8.GetBytes($"package module\n\nconst Version = \"{version}\"\n")),
                ModuleFile.Of("data/table.go", Source(Sizes[number % Sizes.Length], new Random(unchecked((seed * 1_000_003) + number)))),
            ]);
        }
    }

    /// <summary>
    /// Reads every complete module version below a directory laid out like <c>$GOMODCACHE/cache/download</c> (spec §2);
    /// what lacks one of the three files is passed over.
    /// </summary>
    /// <exception cref="InvalidDataException">A zip cannot be read; names it.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    public static IEnumerable<PackedModule> Read(string directory)
    {
        foreach (var zip in Directory.EnumerateFiles(directory, "*.zip", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var versions = Path.GetDirectoryName(zip)!;
            var path = Path.GetRelativePath(directory, Path.GetDirectoryName(versions)!).Replace(Path.DirectorySeparatorChar, '/');
            var (info, mod) = (Path.ChangeExtension(zip, ".info"), Path.ChangeExtension(zip, ".mod"));
            if (Path.GetFileName(versions) != "@v"
                || !Escaping.TryUnescape(path, out var modulePath)
                || !Escaping.TryUnescape(Path.GetFileNameWithoutExtension(zip), out var version)
                || !ModuleVersion.TryParse(modulePath, version, out var module, out _)
                || !File.Exists(info)
                || !File.Exists(mod))
                continue;

            using var bytes = new MemoryStream(File.ReadAllBytes(zip));
            yield return PackedModule.Of(module, File.ReadAllBytes(info), File.ReadAllBytes(mod), bytes);
        }
    }

    // Random digits do not compress to nothing, so a zip is about as large as it says.
    private static byte[] Source(int size, Random random)
    {
        var text = new StringBuilder("package data\n\nvar Table = []string{\n", size + 128);
        while (text.Length < size)
            text.Append("\t\"").Append(random.NextInt64().ToString("x16", CultureInfo.InvariantCulture)).Append("\",\n");
        return Encoding.UTF8.GetBytes(text.Append("}\n").ToString());
    }
}
