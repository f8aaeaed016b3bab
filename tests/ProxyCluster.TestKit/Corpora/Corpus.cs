using System.Text.Json;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Corpora;

/// <summary>
/// Real Go modules with their true dependency graph, as an upstream tree, and the hashes that the reference checksum
/// database signs. tests/go/packmodules makes it from Debian's packages and says what is in it.
/// </summary>
/// <remarks>
/// It is made once and kept in the clone's <c>.cache</c>, under the hash of all that it is made from; a process that finds
/// another one making it waits. Benchmarks stand on it as well.
/// </remarks>
public sealed class Corpus
{
    /// <summary>The package that is built to show that everything works: the command of Prometheus' alert manager.</summary>
    public const string ProgramPackage = "github.com/prometheus/alertmanager/cmd/amtool";

    /// <summary>The version of the program's module.</summary>
    public const string ProgramVersion = "v0.25.0";

    /// <summary>What the graph is walked from.</summary>
    public static IReadOnlyList<string> Roots { get; } =
    [
        $"github.com/prometheus/alertmanager@{ProgramVersion}",
        "github.com/spf13/cobra@v1.6.1",
        "github.com/cpuguy83/go-md2man/v2@v2.0.2",
    ];

    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static Corpus? _opened;

    private Corpus(string directory)
    {
        Directory = directory;
        using var summary = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Tree, "corpus.json")));
        Modules = summary.RootElement.GetProperty("modules").Deserialize<List<CorpusModule>>()!;
    }

    /// <summary>The corpus's directory.</summary>
    public string Directory { get; }

    /// <summary>The upstream tree: a valid <c>file://</c> GOPROXY.</summary>
    public string Tree => Path.Combine(Directory, "tree");

    /// <summary>The go.sum lines of every module version in the tree.</summary>
    public string Sums => Path.Combine(Tree, "go.sum");

    /// <summary>The built reference checksum database.</summary>
    public string ChecksumDatabaseProgram => Path.Combine(Directory, "bin", "sumdbserver");

    /// <summary>All modules, by path.</summary>
    public IReadOnlyList<CorpusModule> Modules { get; }

    /// <summary>Opens it, making it first where needed.</summary>
    /// <exception cref="ToolMissingException">Go or the module sources are not on this machine.</exception>
    public static async Task<Corpus> OpenAsync()
    {
        await OneAtATime.WaitAsync();
        try
        {
            return _opened ??= new Corpus(await CorpusMaker.FindOrMakeAsync());
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>Starts a checksum database that knows every module version of the tree.</summary>
    /// <param name="lazy">True to let its tree grow with each new lookup.</param>
    public Task<ChecksumDatabaseProcess> StartChecksumDatabaseAsync(bool lazy = false) =>
        ChecksumDatabaseProcess.StartAsync(ChecksumDatabaseProgram, [Sums], lazy: lazy);
}
