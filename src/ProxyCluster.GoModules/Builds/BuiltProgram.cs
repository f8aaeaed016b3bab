namespace ProxyCluster.GoModules.Builds;

/// <summary>A program, as <c>go version -m</c> tells of it from what the linker wrote into its file.</summary>
public sealed class BuiltProgram
{
    private readonly List<BuildModule> _modules = [];

    private BuiltProgram(string file, string release)
    {
        File = file;
        Release = release;
    }

    /// <summary>Its file, as it was named.</summary>
    public string File { get; }

    /// <summary>The release of Go that it was built with, <c>go1.22.3</c>.</summary>
    public string Release { get; }

    /// <summary>The path of the package that was built.</summary>
    public string? Package { get; private set; }

    /// <summary>The module of that package; its version is <c>(devel)</c> where it was built in its own directory.</summary>
    public BuildModule? Main { get; private set; }

    /// <summary>The modules that it holds code of, in the listing's order.</summary>
    public IReadOnlyList<BuildModule> Modules => _modules;

    /// <summary>Reads a listing of one or several programs; empty for what is none. Settings of the build are passed over.</summary>
    public static IReadOnlyList<BuiltProgram> Read(string text)
    {
        var programs = new List<BuiltProgram>();
        foreach (var line in text.Split('\n').Select(static line => line.TrimEnd('\r')))
        {
            if (line.StartsWith('\t') && programs is [.., var program])
                program.Add(line[1..].Split('\t'));
            else if (line.LastIndexOf(": ", StringComparison.Ordinal) is > 0 and var colon && IsRelease(line[(colon + 2)..]))
                programs.Add(new BuiltProgram(line[..colon], line[(colon + 2)..].Split(' ')[0]));
        }

        return [.. programs.Where(static program => program.Package is not null || program.Main is not null)];
    }

    private void Add(string[] fields)
    {
        switch (fields)
        {
            case ["path", var package]:
                Package = package;
                break;
            case ["mod", var path, var version, ..]:
                Main = Of(path, version, fields);
                break;
            case ["dep", var path, var version, ..]:
                _modules.Add(Of(path, version, fields));
                break;
            case ["=>", var path, ..] when _modules is [.., var replaced]:
                _modules[^1] = IsDirectory(path)
                    ? replaced with { Directory = path, H1 = null }
                    : Of(path, fields.ElementAtOrDefault(2) ?? "", fields) with { Replaces = replaced.Name };
                break;
        }
    }

    private static BuildModule Of(string path, string version, string[] fields) =>
        new(path, version) { H1 = fields.ElementAtOrDefault(3) is { Length: > 0 } h1 ? h1 : null };

    // As the go command tells a directory from a module.
    private static bool IsDirectory(string path) => path.StartsWith("./", StringComparison.Ordinal) || path.StartsWith("../", StringComparison.Ordinal)
        || path is "." or ".." || Path.IsPathRooted(path) || path.Contains('\\', StringComparison.Ordinal);

    private static bool IsRelease(string text) => text.StartsWith("go1", StringComparison.Ordinal) || text.StartsWith("devel ", StringComparison.Ordinal);
}
