using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Corpora;

/// <summary>Makes the corpus, once for all processes that want it.</summary>
internal static class CorpusMaker
{
    private const string Sources = "/usr/share/gocode";

    // Debian's packages of these declare a later major version than the graph asks for; see tests/go/packmodules.
    private static readonly string[] Adapted = ["github.com/oklog/ulid"];

    private static readonly string[] Programs = ["packmodules", "sumdbserver"];

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private static string GoPrograms => Path.Combine(Repository.Root, "tests", "go");

    /// <summary>Its directory.</summary>
    public static async Task<string> FindOrMakeAsync()
    {
        var all = Path.Combine(Repository.Cache, "corpus");
        Directory.CreateDirectory(all);
        var wanted = Path.Combine(all, await KeyAsync());
        if (Directory.Exists(wanted))
            return wanted;

        await using var alone = await LockAsync(Path.Combine(all, "lock"));
        if (Directory.Exists(wanted))
            return wanted;

        // Whoever holds the lock may clear away what is stale and what was left half made.
        foreach (var other in Directory.EnumerateDirectories(all))
            Directory.Delete(other, recursive: true);
        var making = wanted + ".making";
        await MakeAsync(making);
        Directory.Move(making, wanted);
        return wanted;
    }

    private static async Task MakeAsync(string directory)
    {
        var programs = Path.Combine(directory, "bin");
        Directory.CreateDirectory(programs);
        foreach (var program in Programs)
        {
            var built = await GoAsync(Path.Combine(GoPrograms, program), "build", "-o", Path.Combine(programs, program), ".");
            if (built.ExitCode != 0)
                throw new ToolMissingException($"tests/go/{program} does not build:\n{built.Errors}");
        }

        var packed = await ChildProcess.RunAsync(
            Path.Combine(programs, "packmodules"),
            [
                "-src", Path.Combine(Sources, "src"), "-out", Path.Combine(directory, "tree"),
                .. Corpus.Roots.SelectMany(r => (string[])["-root", r]),
                .. Adapted.SelectMany(p => (string[])["-without-gomod", p]),
            ],
            new Dictionary<string, string>(),
            Limit);
        if (packed.ExitCode != 0)
            throw new InvalidOperationException($"tests/go/packmodules failed:\n{packed.Errors}");
    }

    // All that decides what comes out: the programs, the compiler, the packages that hold the sources, the roots.
    private static async Task<string> KeyAsync()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var program in Programs)
            hash.AppendData(await File.ReadAllBytesAsync(Path.Combine(GoPrograms, program, "main.go")));
        hash.AppendData(Encoding.UTF8.GetBytes((await GoAsync(GoPrograms, "version")).OutputOfSuccess));
        var packages = await ChildProcess.RunAsync(
            "dpkg-query", ["-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\\n", "golang-*-dev"], new Dictionary<string, string>(), Limit);
        if (packages.ExitCode != 0)
            throw new ToolMissingException($"the Go module sources of Debian's packages are missing: {packages.Errors}");
        hash.AppendData(Encoding.UTF8.GetBytes(packages.Output));
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', [.. Corpus.Roots, .. Adapted])));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static Task<ProcessResult> GoAsync(string directory, params IEnumerable<string> arguments) => ChildProcess.RunAsync(
        "go",
        arguments,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = Path.GetTempPath(),
            ["GOENV"] = "off",
            ["GO111MODULE"] = "off",
            ["GOPATH"] = Sources,
            ["GOCACHE"] = Path.Combine(Repository.Cache, "gocache"),
            ["GOFLAGS"] = "-trimpath",
            ["CGO_ENABLED"] = "0",
        },
        Limit,
        directory);

    private static async Task<FileStream> LockAsync(string name)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(began) < Limit)
            {
                // Another process is making it. A file lock gives no signal, so look again.
                await Task.Delay(200);
            }
        }
    }
}
