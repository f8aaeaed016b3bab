using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Repositories;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Grains;

/// <summary>Repositories in a region with several silos.</summary>
public sealed class RepositoryGrainTests : IDisposable
{
    private const int Versions = 16;

    private static readonly ModulePath Path = ModulePath.Parse("git.test/lib.git");

    private readonly ScratchDirectory _repositories = new();
    private readonly GitHttpServer _server;

    public RepositoryGrainTests()
    {
        var repository = new ScriptedRepository("lib");
        for (var n = 0; n < Versions; n++)
            repository.Commit(("go.mod", "module git.test/lib.git\n"), ("a.go", $"package a\n\n// {n}\n")).Tag($"v1.{n}.0");
        repository.Make(_repositories.Path);
        _server = new GitHttpServer(_repositories.Path);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Repository_WhoseVersionsAreOwnedByBothSilosOfARegion_IsFetchedOnceAndMirroredOnce()
    {
        await using var cluster = await StartAsync("tokyo", "tokyo");
        var modules = OnePerOwner(cluster);
        Assert.Equal(2, modules.Count);

        // Ten clients at once, of both silos.
        await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(client => modules.Select(module => HaveAllAsync(cluster.Members[client % 2], module))));

        Assert.Equal(1, _server.Fetches["lib"]);
        Assert.Single(MirrorsOf(cluster));
    }

    [Fact]
    public async Task Repository_OfTwoRegions_IsMirroredInEach()
    {
        await using var cluster = await StartAsync("tokyo", "tokyo", "paris", "paris");
        foreach (var (n, member) in cluster.Members.Index())
            await HaveAllAsync(member, Version(n));

        Assert.Equal(["paris", "tokyo"], MirrorsOf(cluster).Select(static mirror => mirror.Region).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Silo_WithTheMirrorKilled_TheOtherAnswersAllTheSame()
    {
        await using var cluster = await StartAsync("tokyo", "tokyo");
        await HaveAllAsync(cluster.Members[0], Version(0));
        var holder = MirrorsOf(cluster).Single();
        var other = cluster.Members.Single(member => member != holder);

        await cluster.KillAsync(holder);
        for (var n = 1; n < Versions; n++)
            await HaveAllAsync(other, Version(n));

        Assert.Equal(2, _server.Fetches["lib"]);
        Assert.Equal([other], MirrorsOf(cluster));
    }

    public void Dispose()
    {
        _server.Dispose();
        _repositories.Dispose();
    }

    private static ModuleVersion Version(int n) => new(Path, $"v1.{n}.0");

    private static List<ModuleVersion> OnePerOwner(RegionCluster cluster) =>
        [.. Enumerable.Range(0, Versions).Select(Version).DistinctBy(version => RegionalOwner.For(version.ToString(), "tokyo", cluster.Members[0].Engine.View)[0].Id)];

    private static List<RegionMember> MirrorsOf(RegionCluster cluster) =>
    [
        .. cluster.Live.SelectMany(static member => Directory.Exists(Mirrors(member))
            ? Directory.EnumerateFiles(Mirrors(member), MirrorKeeper.UsedName, SearchOption.AllDirectories).Select(_ => member)
            : []),
    ];

    private static string Mirrors(RegionMember member) => member.Get<DataTree>().Repositories;

    private static async Task HaveAllAsync(RegionMember member, ModuleVersion module)
    {
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            var had = await member.Get<ArtifactOwner>().HaveAsync(Ask.ForArtifact(module, kind, AskLevel.Client, Door.Client, "test"), Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.Null(had.Failure);
        }
    }

    private Task<RegionCluster> StartAsync(params string[] regions) =>
        RegionCluster.StartAsync(regions, ("Upstreams:List", "direct"), ("Direct:Rewrites:0", $"https://git.test/={_server.Url}"));
}
