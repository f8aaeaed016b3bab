using System.Collections.Immutable;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>
/// A cluster for one drill: members are processes of their own, started as they would be anywhere, lines between regions
/// take the time that they take between continents, and upstream and checksum database are ours, so that we know what they
/// were asked.
/// </summary>
internal sealed class OwnGround : IDrillGround
{
    private const int ArtifactsPerModule = 3;
    private const int FewestWarm = 16;
    private const int MostWarm = 96;

    private readonly DrillSettings _settings;
    private readonly ImmutableArray<PackedModule> _modules;
    private readonly OwnCluster _own;

    private OwnGround(DrillSettings settings, ImmutableArray<PackedModule> modules, OwnCluster own, DrillStage stage)
    {
        _settings = settings;
        _modules = modules;
        _own = own;
        Stage = stage;
        Catalog = DrillCatalog.Of(modules, WarmModules(settings), settings.Seed);
    }

    /// <inheritdoc/>
    public DrillStage Stage { get; }

    /// <inheritdoc/>
    public DrillScenario Scenario => _settings.Scenario;

    /// <inheritdoc/>
    public DrillCatalog Catalog { get; }

    /// <inheritdoc/>
    public int ModuleVersions => _modules.Length;

    /// <inheritdoc/>
    public bool IsUpstreamAway => _own.World.IsUpstreamAway;

    /// <inheritdoc/>
    public StoreKind? Store => _own.Cluster.Store;

    /// <inheritdoc/>
    public ImmutableArray<KeyValuePair<string, int>>? ArtifactsSent => [.. _own.World.ArtifactsSent];

    /// <summary>Starts everything.</summary>
    /// <exception cref="DrillException">The modules cannot be read.</exception>
    /// <exception cref="ProcessClusterException">The cluster could not be started; says why.</exception>
    public static async Task<OwnGround> StartAsync(
        DrillSettings settings, TimeSpan longest, HttpClient http, TimeProvider clock, Action<string> progress, CancellationToken cancel)
    {
        progress("packing modules");
        var modules = Modules(settings, longest);
        var world = await DrillWorld.StartAsync(modules, settings.UpstreamDelay, clock, cancel);
        try
        {
            var cluster = await ProcessCluster.StartAsync(ClusterOf(settings, world), clock, progress, cancel);
            var token = (await File.ReadAllTextAsync(cluster.TokenFile, cancel)).Trim();
            ImmutableArray<DrillMember> members = [.. cluster.Silos.Concat(cluster.FrontEnds).Select(DrillMember.Of)];
            var own = new OwnCluster(cluster, world);
            return new OwnGround(
                settings, modules, own, new DrillStage(members, settings.Region, new DrillOperator(members, token, http), progress) { Own = own });
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<GoRuns> GoAsync(CancellationToken stop)
    {
        if (_settings.Go is not { } go)
            return Task.FromResult(GoRuns.None);
        var doors = Stage.Members.Where(static member => member.IsFrontEnd).ToList();
        var open = doors.Where(door => !Scenario.IsClosed(door.Region, Stage.Region)).Select(static door => door.Url.OriginalString);
        var all = doors.ConvertAll(static door => door.Url.OriginalString);

        // A go command waits for ever for a frozen front end; it can list one second, where it is not asked.
        var pairs = all.Select((door, i) => Scenario.Name == "region-freeze" ? null : $"{door}|{all[(i + 1) % all.Count]}");
        return new GoLoop(go, [.. open, .. pairs.OfType<string>()], [.. _modules.Take(WarmModules(_settings))], _own.World.SumDbKey, _settings.Directory).RunAsync(stop);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A mounted file system outlives everybody who forgets it.
        foreach (var silo in _own.Cluster.Silos)
            await FullDisk.TakeAwayAsync(FullDisk.IntakeOf(silo), CancellationToken.None);
        await _own.Cluster.DisposeAsync();
        await _own.World.DisposeAsync();
    }

    // So many that each of their artifacts is asked for four times or more: what nobody asks for again is fetched through every region for nothing.
    private static int WarmModules(DrillSettings settings) =>
        (int)Math.Clamp(settings.Rate * settings.Duration.TotalSeconds / (4 * ArtifactsPerModule), FewestWarm, MostWarm);

    private static ImmutableArray<PackedModule> Modules(DrillSettings settings, TimeSpan longest)
    {
        var misses = settings.Rate * DrillCatalog.MissShare * longest.TotalSeconds;
        var made = DrillModules.Make(WarmModules(settings) + (int)(misses / ArtifactsPerModule), settings.Seed);
        try
        {
            return settings.Corpus is { } corpus ? [.. DrillModules.Read(corpus), .. made] : [.. made];
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new DrillException($"the modules in {settings.Corpus} cannot be used: {e.Message}", e);
        }
    }

    private static ProcessClusterSettings ClusterOf(DrillSettings settings, DrillWorld world) => new(settings.Directory)
    {
        SilosPerRegion = settings.SilosPerRegion,
        Distances = settings.Distances,
        Upstream = world.Upstream,
        SumDb = world.SumDb,
        Program = settings.Program,
        Settings = settings.Settings,
        Store = settings.Store,
        StoreRegion = settings.Scenario.TakesStore ? settings.Region : Distance.Regions.First(region => region != settings.Region),
    };
}
