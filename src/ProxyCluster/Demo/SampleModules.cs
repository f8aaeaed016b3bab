using System.Reflection;
using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Demo;

/// <summary>
/// The modules of the repository's folder <c>samples</c>, which travel as resources inside of the executable: the demo
/// has to work from any directory and with one file. They are packed anew by <see cref="ModuleZip.Create"/> at every
/// start, so nothing in the repository can differ from what is served.
/// </summary>
internal static class SampleModules
{
    /// <summary>What every path of a sample starts with.</summary>
    public const string Prefix = "sample.proxycluster.dev/";

    private const string Root = "samples/";
    private const string List = Root + "samples.txt";

    /// <summary>Packs every sample, in the order of the list.</summary>
    /// <exception cref="InvalidDataException">A sample cannot be packed: the build is broken.</exception>
    public static IReadOnlyList<PackedModule> Pack()
    {
        var files = ReadResources();
        var packed = new List<PackedModule>();
        foreach (var line in Encoding.UTF8.GetString(files[List]).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#'))
                continue;
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var name, var time, var directory]
                || name.Split('@') is not [var path, var version]
                || !ModuleVersion.TryParse(path, version, out var module, out _))
                throw new InvalidDataException($"{List}: \"{line}\" is not a module version, a time and a directory");
            packed.Add(PackedModule.Pack(module, time, FilesOf(files, Root + directory + "/")));
        }

        return packed;
    }

    private static IReadOnlyList<ModuleFile> FilesOf(SortedDictionary<string, byte[]> files, string directory) =>
    [
        .. files.Where(file => file.Key.StartsWith(directory, StringComparison.Ordinal))
            .Select(file => ModuleFile.Of(file.Key[directory.Length..], file.Value)),
    ];

    private static SortedDictionary<string, byte[]> ReadResources()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames())
        {
            // A build on Windows names them with its own separator.
            var path = name.Replace('\\', '/');
            if (!path.StartsWith(Root, StringComparison.Ordinal))
                continue;
            using var resource = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[resource.Length];
            resource.ReadExactly(bytes);
            files.Add(path, bytes);
        }

        return files;
    }
}
