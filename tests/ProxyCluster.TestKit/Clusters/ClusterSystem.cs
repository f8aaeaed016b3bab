using System.Text.Json;
using ProxyCluster.Clustering;
using ProxyCluster.Drills.Topology;
using ProxyCluster.Routing;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Clusters;

/// <summary>A cluster of real processes around a <see cref="SignedWorld"/>, with its data in a scratch directory.</summary>
internal sealed class ClusterSystem : IAsyncDisposable
{
    private static readonly TimeSpan ConvergeLimit = TimeSpan.FromMinutes(2);

    private readonly ScratchDirectory _scratch;

    private ClusterSystem(ScratchDirectory scratch, SignedWorld world, ProcessCluster cluster)
    {
        _scratch = scratch;
        World = world;
        Cluster = cluster;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            Timeout = TimeSpan.FromMinutes(2),
        };
    }

    /// <summary>What lies outside.</summary>
    public SignedWorld World { get; }

    /// <summary>The processes.</summary>
    public ProcessCluster Cluster { get; }

    /// <summary>Asks them.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts world and cluster; everybody knows everybody when this returns.</summary>
    /// <param name="modules">How many modules the world has, two versions each.</param>
    /// <param name="zipBytes">About how large each zip is.</param>
    /// <param name="change">Changes the cluster's settings.</param>
    public static async Task<ClusterSystem> StartAsync(
        int modules, int zipBytes = 20_000, Func<ProcessClusterSettings, ProcessClusterSettings>? change = null)
    {
        var scratch = new ScratchDirectory();
        var world = await SignedWorld.StartAsync(modules, zipBytes);
        try
        {
            var settings = Settings(scratch["cluster"], world.Upstream.Url, world.Database.Setting);
            var cluster = await ProcessCluster.StartAsync(
                change?.Invoke(settings) ?? settings, TimeProvider.System, static _ => { }, CancellationToken.None);
            return new ClusterSystem(scratch, world, cluster);
        }
        catch
        {
            await world.DisposeAsync();
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>The settings of a cluster of the built product.</summary>
    public static ProcessClusterSettings Settings(string directory, string upstream, string sumDb) => new(directory)
    {
        Upstream = upstream,
        SumDb = sumDb,
        NoSumDb = "none",
        Program = OwnProgram.Of(Repository.Executable),
    };

    /// <summary>The silos in the order in which they own a key, by the product's own rule.</summary>
    public IReadOnlyList<ClusterProcess> OwnersOf(string key) => OwnersOf(key, [.. Cluster.Silos]);

    /// <summary>The same among some silos.</summary>
    public static IReadOnlyList<ClusterProcess> OwnersOf(string key, IReadOnlyList<ClusterProcess> silos)
    {
        var view = new ClusterView(
            [.. silos.Select(static s => new Member(s.Name, s.Region, s.Url, Role.Silo, ""))], RoutingTable.Empty);
        return [.. OwnerOrder.For(key, view).Select(member => silos.First(s => s.Name == member.Id))];
    }

    /// <summary>Waits until every running member is ready and sees all others.</summary>
    /// <exception cref="TimeoutException">It did not come to that; holds the ends of all logs.</exception>
    public async Task ConvergeAsync()
    {
        using var late = new CancellationTokenSource(ConvergeLimit);
        try
        {
            await Cluster.ConvergeAsync(late.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"the cluster did not converge within {ConvergeLimit}:\n{Logs()}", e);
        }
    }

    /// <summary>Stops the cluster and proves every store from its files: what is wrong, one line each.</summary>
    public async Task<IReadOnlyList<string>> StopAndVerifyAsync()
    {
        await Cluster.StopAsync(static _ => { });
        var wrong = new List<string>();
        foreach (var silo in Cluster.Silos.ToList())
        {
            var verified = await ProxyProcess.VerifyAsync(Path.Combine(silo.Plan.Directory, "data"));
            if (verified.ExitCode != 0)
                wrong.Add($"{silo.Name}: verify ended with {verified.ExitCode}: {verified.Output}{verified.Errors}");
            else if (JsonDocument.Parse(verified.Output).RootElement.GetProperty("problems").GetArrayLength() > 0)
                wrong.Add($"{silo.Name}: {verified.Output}");
        }

        return wrong;
    }

    /// <summary>The ends of all logs, for messages of failing tests.</summary>
    public string Logs() => string.Join("\n\n", Cluster.Processes.Select(static p => $"== {p.Name}\n{p.EndOfLog()}"));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Cluster.DisposeAsync();
        await World.DisposeAsync();
        _scratch.Dispose();
    }
}
