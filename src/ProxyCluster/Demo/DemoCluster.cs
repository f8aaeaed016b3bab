using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Routing;

namespace ProxyCluster.Demo;

/// <summary>
/// A whole cluster in one process: in each region two silos and one front end, held together by the <c>local</c> engine,
/// against an <see cref="OutsideWorld"/> of its own. The members are the hosts that <c>serve</c> runs and speak HTTP to
/// each other; what is missing is the distance between them. The data lives as long as this object.
/// </summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private const int SilosPerRegion = 2;

    private readonly List<DemoMember> _members = [];
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("proxycluster-demo-");

    private DemoCluster(OutsideWorld world) => World = world;

    /// <summary>The regions.</summary>
    public static IReadOnlyList<string> Regions { get; } = ["tokyo", "frankfurt", "sanjose"];

    /// <summary>Where modules come from.</summary>
    public OutsideWorld World { get; }

    /// <summary>Each region's GOPROXY.</summary>
    public IEnumerable<(string Region, string GoProxy)> GoProxies =>
        _members.Where(static member => member.Role == Role.FrontEnd).Select(static member => (member.Region, member.Url));

    /// <summary>Starts world and members; everybody knows everybody when this returns.</summary>
    /// <param name="portBase">The first region's front end listens here, the others on the ports after it; 0 takes free ones.</param>
    /// <param name="upstreamDelay">Time before each answer of the upstream.</param>
    /// <param name="time">The clock for the delay.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<DemoCluster> StartAsync(
        int portBase, TimeSpan upstreamDelay, TimeProvider time, CancellationToken cancellation)
    {
        var demo = new DemoCluster(await OutsideWorld.StartAsync(upstreamDelay, time, cancellation).ConfigureAwait(false));
        try
        {
            var cluster = new LocalCluster();
            foreach (var (index, region) in Regions.Index())
            {
                for (var silo = 1; silo <= SilosPerRegion; silo++)
                    await StartAsync($"silo {silo}", region, Role.Silo, 0).ConfigureAwait(false);
                await StartAsync("front end", region, Role.FrontEnd, portBase == 0 ? 0 : portBase + index).ConfigureAwait(false);
            }

            return demo;

            async Task StartAsync(string name, string region, Role role, int port) => demo._members.Add(await DemoMember.StartAsync(
                name, region, role, port, Path.Combine(demo._data.FullName, $"{region}-{name}".Replace(' ', '-')), demo.World, cluster, cancellation)
                .ConfigureAwait(false));
        }
        catch
        {
            await demo.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The cluster now. Reads memory only.</summary>
    public StatusSnapshot Status()
    {
        var view = _members[0].View;
        return new StatusSnapshot(
            [
                .. Regions.Select(region => new RegionStatus(
                    region,
                    view.Routing.FindOrNull(region)?.State ?? RegionState.Active,
                    [.. _members.Where(member => member.Region == region).Select(member => member.Status(view))])),
            ],
            World.Upstream.TotalRequests);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Doors first: a front end without silos would answer 503 to those who still ask.
        foreach (var member in _members.OrderBy(static member => member.Role == Role.FrontEnd ? 0 : 1))
            await member.DisposeAsync().ConfigureAwait(false);
        await World.DisposeAsync().ConfigureAwait(false);
        _data.Delete(recursive: true);
    }
}
