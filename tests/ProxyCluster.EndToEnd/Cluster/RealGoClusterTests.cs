using ProxyCluster.Drills.Topology;
using ProxyCluster.EndToEnd.RealGo;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Cluster;

/// <summary>The unmodified go command builds a real program in every region at once, from empty caches.</summary>
[Trait("Needs", "corpus")]
[Trait("Needs", "etcd")]
public sealed class RealGoClusterTests
{
    [Fact]
    public async Task Program_BuiltInEveryRegionAtOnce_RunsAndCostsOneFetchOfEachArtifact()
    {
        var corpus = await Corpus.OpenAsync();
        using var scratch = new ScratchDirectory();
        await using var database = await corpus.StartChecksumDatabaseAsync();
        await using var upstream = UpstreamServer.Start(corpus.Tree);
        await using var cluster = await ProcessCluster.StartAsync(
            ClusterSystem.Settings(scratch["cluster"], upstream.Url, database.KeyAndUrl) with
            {
                Distances = Distance.World,
                // Three compilers and a dozen processes share the machine: silence means nothing here (see OneFetchTests).
                Settings = [("Peers:HedgeDelay", "20s")],
            },
            TimeProvider.System, static _ => { }, TestContext.Current.CancellationToken);

        await Task.WhenAll(cluster.FrontEnds.Select(async door =>
        {
            using var workspace = new GoWorkspace(door.Url.GetLeftPart(UriPartial.Authority), database.Key);
            await ProgramBuild.ResolveAsync(workspace);
            var program = await ProgramBuild.BuildAsync(workspace);
            Assert.Contains(ProgramBuild.ProgramSays, await ProgramBuild.RunAsync(program), StringComparison.Ordinal);
            Assert.Equal("all modules verified\n", await workspace.GoAsync("mod", "verify"));
        }));

        var artifacts = upstream.Calls.Select(static call => call.Path)
            .Where(static path => Path.GetExtension(path) is ".info" or ".mod" or ".zip")
            .Where(path => upstream.FindOrNull(path) is not null)
            .CountBy(static path => path)
            .ToList();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"3 builds at once: {artifacts.Count} artifacts fetched, each at most {artifacts.Max(static a => a.Value)} times; {upstream.TotalRequests} upstream requests");
        Assert.True(artifacts.Count > 80, $"only {artifacts.Count} artifacts were fetched");
        Assert.All(artifacts, static artifact => Assert.Equal(1, artifact.Value));
    }
}
