using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.RealGo;

/// <summary>
/// The vectors that the names of files in module zips are tested with (<c>file-names-*.txt</c>, by the version of Unicode)
/// are what the real <c>x/mod</c> says of every code point.
/// </summary>
[Trait("Needs", "corpus")]
public class FileNamesTests
{
    [Fact]
    public Task Vector_TheMachinesXMod_PrintsIt() => AssertPrintsItAsync("go", "/usr/share/gocode");

    // The copy inside of it; Debian's own package of that time has other comments, and nothing else.
    [Fact]
    [Trait("Needs", "newer-go")]
    public async Task Vector_TheXModOfANewerGo_PrintsIt()
    {
        using var scratch = new ScratchDirectory();
        var go = GoWorkspace.NewerGo();
        var root = (await GoAsync(go, scratch.Path, "env", "GOROOT")).Trim();
        Directory.CreateDirectory(scratch["src/golang.org/x"]);
        Directory.CreateSymbolicLink(scratch["src/golang.org/x/mod"], Path.Combine(root, "src", "cmd", "vendor", "golang.org", "x", "mod"));
        await AssertPrintsItAsync(go, scratch.Path);
    }

    private static async Task AssertPrintsItAsync(string go, string sources)
    {
        var said = await GoAsync(go, sources, "run", Path.Combine(Repository.Root, "tests", "go", "filenames", "main.go"));

        var unicode = said[..said.IndexOf('\n', StringComparison.Ordinal)].Split(' ')[1];
        var vector = Path.Combine(Repository.Root, "tests", "ProxyCluster.GoModules.Tests", "Vectors", $"file-names-{unicode}.txt");
        Assert.True(File.Exists(vector), $"{vector} is missing: keep there what tests/go/filenames printed, and test it as the others are");
        Assert.Equal(await File.ReadAllTextAsync(vector, TestContext.Current.CancellationToken), said);
    }

    private static async Task<string> GoAsync(string go, string sources, params IEnumerable<string> arguments)
    {
        var result = await ChildProcess.RunAsync(
            go,
            arguments,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["HOME"] = Path.GetTempPath(),
                ["GOENV"] = "off",
                ["GO111MODULE"] = "off",
                ["GOTOOLCHAIN"] = "local",
                ["GOPATH"] = sources,
                ["GOCACHE"] = Path.Combine(Repository.Cache, "gocache"),
                ["CGO_ENABLED"] = "0",
            },
            TimeSpan.FromMinutes(8));
        return result.OutputOfSuccess;
    }
}
