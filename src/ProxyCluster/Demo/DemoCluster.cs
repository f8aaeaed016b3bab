using System.Security.Cryptography;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.Routing;
using ProxyCluster.Silos;

namespace ProxyCluster.Demo;

/// <summary>
/// A whole cluster in one process: in each region two silos and one front end, which share a <see cref="MemoryStore"/>,
/// against an <see cref="OutsideWorld"/> of its own. The members are the hosts that <c>serve</c> runs, silos of Orleans all
/// of them, and speak HTTP to each other; what is missing is the distance between them. The data lives as long as this object.
/// </summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private const int SilosPerRegion = 2;

    private readonly GrainOwners _owners = new();
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("proxycluster-demo-");

    private IReadOnlyList<DemoMember> _members = [];

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
            // All at once: a silo that joins waits for nobody but the table.
            var (store, secret) = (new MemoryStore(), new ClusterSecret(RandomNumberGenerator.GetBytes(32)));
            demo._members =
            [
                .. Regions.Index().SelectMany(region =>
                    Enumerable.Range(1, SilosPerRegion).Select(silo => Member($"silo {silo}", region.Item, Role.Silo, 0))
                        .Append(Member("front end", region.Item, Role.FrontEnd, portBase == 0 ? 0 : portBase + region.Index))),
            ];
            await Task.WhenAll(demo._members.Select(member => member.StartAsync(cancellation))).ConfigureAwait(false);
            await Task.WhenAll(demo._members.Select(member => member.MeetAsync(demo._members.Count, cancellation))).ConfigureAwait(false);
            return demo;

            DemoMember Member(string name, string region, Role role, int port) =>
                new(name, region, role, port, Path.Combine(demo._data.FullName, $"{region}-{name}".Replace(' ', '-')), demo.World, store, secret);
        }
        catch
        {
            await demo.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The cluster now.</summary>
    public async Task<StatusSnapshot> StatusAsync()
    {
        var owned = await _owners.LookAsync(_members[0].Silo.GrainsOrNull).ConfigureAwait(false);
        var silos = _members.Where(static member => member.Silo.Address is not null).ToDictionary(static member => member.Silo.Address!);
        var view = _members[0].Silo.View;
        return new StatusSnapshot(
            [
                .. Regions.Select(region => new RegionStatus(
                    region,
                    view.Routing.FindOrNull(region)?.State ?? RegionState.Active,
                    [
                        .. _members.Where(member => member.Region == region).Select(member =>
                            member.Status(view, owned.Count(grain => grain.Silo.Equals(member.Silo.Address)))),
                    ])),
            ],
            [
                .. owned.TakeLast(StatusSnapshot.NewestShown).Select(grain => new OwnedModule(
                    grain.ModuleVersion,
                    silos.GetValueOrDefault(grain.Silo) is { } owner ? $"{owner.Region} {owner.Name}" : grain.Silo.ToString())),
            ],
            World.Upstream.TotalRequests);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Doors first: a front end without silos would answer 503 to those who still ask. And one after the other, which is
        // faster: silos that go at once get in each other's way at the table, and wait for seconds before they try again.
        foreach (var member in _members.OrderBy(static member => member.Role == Role.FrontEnd ? 0 : 1))
            await member.DisposeAsync().ConfigureAwait(false);
        await World.DisposeAsync().ConfigureAwait(false);
        _data.Delete(recursive: true);
    }
}
