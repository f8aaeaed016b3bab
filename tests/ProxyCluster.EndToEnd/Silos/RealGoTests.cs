using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Silos;

/// <summary>The unmodified go command, through a front end that has two silos and a Redis behind it.</summary>
[Trait("Needs", "corpus")]
public sealed class RealGoTests
{
    [Fact]
    public async Task Program_BuiltThroughAFrontEnd_RunsAndUpstreamWasAskedOnce()
    {
        var corpus = await Corpus.OpenAsync();
        await using var database = await corpus.StartChecksumDatabaseAsync();
        await using var upstream = UpstreamServer.Start(corpus.Tree);
        await using var silos = await SiloProcesses.OpenAsync(upstream, database.KeyAndUrl);
        var members = await Task.WhenAll(silos.StartAsync("tokyo", "silo"), silos.StartAsync("tokyo", "silo"));
        var frontEnd = await silos.StartAsync("tokyo", "frontend");
        await SiloProcesses.SaysAsync(frontEnd, "engine: ok");

        using var workspace = new GoWorkspace(frontEnd.Url, database.Key);
        await workspace.GoAsync("mod", "init", "example.com/program");
        await workspace.GoAsync("get", $"{Corpus.ProgramPackage}@{Corpus.ProgramVersion}");
        await workspace.GoAsync("build", "-mod=mod", "-o", "program", Corpus.ProgramPackage);

        var said = await ChildProcess.RunAsync(
            Path.Combine(workspace.Main, "program"), ["--version"], new Dictionary<string, string>(), TimeSpan.FromMinutes(1));
        Assert.Contains("amtool, version", said.Output + said.Errors, StringComparison.Ordinal);

        // Two silos and their owners' grains, but every zip came from upstream once.
        var zips = upstream.Calls.Where(static call => call.Path.EndsWith(".zip", StringComparison.Ordinal)).Select(static call => call.Path).ToList();
        Assert.NotEmpty(zips);
        Assert.Equal(zips.Distinct(StringComparer.Ordinal).Count(), zips.Count);
        Assert.All(members, static member => Assert.DoesNotContain(" fail: ", member.Log, StringComparison.Ordinal));
    }
}
