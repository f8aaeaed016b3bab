using System.Collections;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.Publishing;

/// <summary>
/// The product as one file, which has no assemblies beside it to be found or started: it must find the samples, the grains
/// and their serializers, and its own program for the members that it starts.
/// </summary>
public sealed class SingleFileTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly ScratchDirectory _scratch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SingleFile_PublishedAndAlone_RunsAClusterOfItselfThatServesTheSamples()
    {
        await PublishAsync(_scratch["published"]);
        var program = _scratch["proxycluster-of-mine"];
        File.Move(Path.Combine(_scratch["published"], "proxycluster"), program);
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(_scratch["published"]), static left => Path.GetExtension(left) != ".pdb");
        Directory.Delete(_scratch["published"], recursive: true);

        await using var up = ChildProcess.Start(
            program, ["local-cluster", "--store", "memory", "--samples", "--silos", "1", "--port-base", "0", "--directory", _scratch["cluster"]], Variables());
        await up.FirstLine.WaitAsync(Limit, Cancel);
        var state = ClusterState.FindOrNull(_scratch["cluster"])!;

        using var http = new HttpClient { Timeout = Limit };
        var sample = SampleModules.Pack()[0];
        foreach (var door in state.Processes.Where(static process => process.Kind == ProcessKind.FrontEnd))
            Assert.Equal(sample.Zip, await http.GetByteArrayAsync(new Uri(door.Url, $"/{sample.Module.Path}/@v/{sample.Module.Version}.zip"), Cancel));
        Assert.Equal(0, await up.StopAsync(Limit));
        Assert.DoesNotContain("killed", up.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    // Of what was built with this test: nothing is compiled anew, and no package is needed that the build did not need.
    private static async Task PublishAsync(string target)
    {
        var result = await ChildProcess.RunAsync(
            "dotnet",
            [
                "publish", Path.Combine(Repository.Root, "src", "ProxyCluster"), "-c", "Release", "-nologo", "-v", "quiet", "-o", target,
                "--use-current-runtime", "--self-contained", "false", "-p:PublishSingleFile=true", "-p:PublishReadyToRun=false",
                "-p:NoBuild=true", "-p:AppendRuntimeIdentifierToOutputPath=false", "-p:EnableSingleFileAnalyzer=false",
            ],
            Variables(),
            Limit,
            Repository.Root);
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }

    // All of this machine's: what dotnet needs to find its packages, and a program its .NET, may be among them.
    private static Dictionary<string, string> Variables()
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
            static entry => (string)entry.Key, static entry => (string)entry.Value!, StringComparer.Ordinal);
        // No build server may outlive the test.
        variables["MSBUILDDISABLENODEREUSE"] = "1";
        variables["UseSharedCompilation"] = "false";
        variables["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        return variables;
    }
}
