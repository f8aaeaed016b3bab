using System.Text.Json;

namespace ProxyCluster.TestKit.Processes;

/// <summary>
/// A developer's machine, as far as <c>go</c> can see: an empty module cache, an empty home, one proxy, one checksum
/// database, and a main module to work in. Only the build cache is shared between workspaces; it is keyed by content, so
/// that sharing it saves compiling and hides no download.
/// </summary>
public sealed class GoWorkspace : IDisposable
{
    // Ten times what the slowest command takes here, compiling included.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    private static readonly string Newer = Path.Combine(Repository.Cache, "go", "usr", "lib");

    private readonly ScratchDirectory _directory = new();
    private readonly string _go;
    private readonly Dictionary<string, string> _environment;

    /// <summary>Creates a workspace.</summary>
    /// <param name="goProxy">GOPROXY.</param>
    /// <param name="goSumDb">GOSUMDB: a key alone makes go ask the proxy's mirror, a key with a URL does not.</param>
    /// <param name="go">The program; the one on PATH by default.</param>
    /// <param name="more">Variables besides.</param>
    public GoWorkspace(string goProxy, string goSumDb, string go = "go", IReadOnlyDictionary<string, string>? more = null)
    {
        _go = go;
        foreach (var name in (ReadOnlySpan<string>)["home", "main", "tmp"])
            Directory.CreateDirectory(_directory[name]);

        // Else a process that go leaves behind may still write its counters here while the directory is removed.
        Directory.CreateDirectory(_directory["home/.config/go/telemetry"]);
        File.WriteAllText(_directory["home/.config/go/telemetry/mode"], "off");
        _environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = _directory["home"],
            ["XDG_CONFIG_HOME"] = _directory["home/.config"],
            ["TMPDIR"] = _directory["tmp"],
            ["GOENV"] = "off",
            ["GOPATH"] = _directory["gopath"],
            ["GOMODCACHE"] = ModuleCache,
            ["GOCACHE"] = Path.Combine(Repository.Cache, "gocache"),
            ["GO111MODULE"] = "on",
            ["GOTOOLCHAIN"] = "local",
            ["GOPROXY"] = goProxy,
            ["GOSUMDB"] = goSumDb,
            // Empty counts as unset: no module is private, none is exempt from the checksum database.
            ["GONOSUMDB"] = "",
            ["GONOPROXY"] = "",
            ["GOPRIVATE"] = "",
            ["GOINSECURE"] = "",
            // -trimpath makes the build cache independent of where the module cache is; -modcacherw lets it be deleted.
            ["GOFLAGS"] = "-trimpath -modcacherw -buildvcs=false",
            ["CGO_ENABLED"] = "0",
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string>())
            _environment[name] = value;
    }

    /// <summary>A <c>go</c> newer than the machine's own, which infra/install-go unpacks into the cache.</summary>
    /// <exception cref="ToolMissingException">There is none.</exception>
    public static string NewerGo() =>
        Directory.Exists(Newer) && Directory.EnumerateDirectories(Newer, "go-1.*").FirstOrDefault() is { } newest
            ? Path.Combine(newest, "bin", "go")
            : throw new ToolMissingException($"there is no newer go in {Newer} (infra/install-go)");

    /// <summary>govulncheck, which infra/install-go unpacks beside it.</summary>
    public static string Govulncheck() => Path.Combine(Repository.Cache, "go", "usr", "bin", "govulncheck");

    /// <summary>The main module's directory.</summary>
    public string Main => _directory["main"];

    /// <summary>The home directory, where git looks for its configuration.</summary>
    public string Home => _directory["home"];

    /// <summary>GOMODCACHE.</summary>
    public string ModuleCache => _directory["modcache"];

    /// <summary>Sets a variable of go's environment.</summary>
    public void Set(string name, string value) => _environment[name] = value;

    /// <summary>Runs go in the main module and gives what came of it.</summary>
    public Task<ProcessResult> TryAsync(params IEnumerable<string> arguments) =>
        ChildProcess.RunAsync(_go, arguments, _environment, Limit, Main);

    /// <summary>Runs go in the main module and gives its output.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<string> GoAsync(params IReadOnlyList<string> arguments)
    {
        var result = await TryAsync(arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException(
                $"go {string.Join(' ', arguments)} ended with {result.ExitCode}\n{result.Output}{result.Errors}");
    }

    /// <summary>Takes over the main module (go.mod and go.sum) of another workspace.</summary>
    public void TakeMainModule(GoWorkspace from)
    {
        foreach (var name in (ReadOnlySpan<string>)["go.mod", "go.sum"])
            File.Copy(Path.Combine(from.Main, name), Path.Combine(Main, name), overwrite: true);
    }

    /// <summary><c>go mod download -json</c>: the hashes of every module, keyed and ordered by <c>path@version</c>.</summary>
    public async Task<SortedDictionary<string, DownloadedModule>> DownloadAsync(params IEnumerable<string> modules)
    {
        var text = await GoAsync([.. (ReadOnlySpan<string>)["mod", "download", "-json"], .. modules]);
        var downloaded = new SortedDictionary<string, DownloadedModule>(StringComparer.Ordinal);
        var at = 0;
        while (ReadNext(text, ref at) is { } module)
            downloaded.Add($"{module.Path}@{module.Version}", module);
        return downloaded;
    }

    // go prints JSON objects one after the other, each ending with a brace in the first column.
    private static DownloadedModule? ReadNext(string text, ref int at)
    {
        var end = text.IndexOf("\n}\n", at, StringComparison.Ordinal);
        if (end < 0)
            return null;

        var json = text[at..(end + 2)];
        at = end + 3;
        return JsonSerializer.Deserialize<DownloadedModule>(json);
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();
}
