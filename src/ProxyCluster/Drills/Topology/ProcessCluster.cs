using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using ProxyCluster.Drills.Relays;
using ProxyCluster.Sockets;

namespace ProxyCluster.Drills.Topology;

/// <summary>
/// A whole cluster as real processes on this machine: in each region silos, a front end and its part of the cluster store,
/// started by the command lines that real machines would have. All that leaves a region passes its gateway, where this
/// process gives it the time that the distance takes, or takes the line away: calls of members, calls of grains, and etcd's
/// own traffic.
/// <para>
/// <b>Faults.</b> Processes can be killed, frozen and started again, lines between regions cut, held and throttled
/// (<see cref="Lanes"/>), all of it while clients ask. What is started here ends with this object, and with this process
/// however that ends.
/// </para>
/// Not part of it: clients. They ask front ends directly, as they would from inside of the region.
/// </summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly ProcessClusterSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ClusterPlan _plan;
    private readonly Dictionary<string, Gateway> _gateways = [];
    private readonly ConcurrentDictionary<string, int> _lastSilo = new();
    private readonly HttpClient _http;

    // Replaced whole, so that faults and load may read it while a silo joins.
    private volatile ClusterProcess[] _processes = [];

    private ProcessCluster(ProcessClusterSettings settings, TimeProvider clock)
    {
        _settings = settings;
        _clock = clock;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            ConnectCallback = OutgoingConnection.ConnectAsync,
        })
        {
            Timeout = TimeSpan.FromSeconds(5),
        };
        Lanes = new RegionLanes(clock);
        foreach (var region in settings.Regions)
            _gateways.Add(region, Gateway.Start(port => LanesTo(region, port)));
        _plan = new ClusterPlan(settings, _gateways.ToDictionary(static g => g.Key, static g => g.Value.Url));
        SetDistances(settings.Distances);
    }

    /// <summary>The regions.</summary>
    public IReadOnlyList<string> Regions => _settings.Regions;

    /// <summary>Holds data, logs and the state file.</summary>
    public string Directory => _settings.Directory;

    /// <summary>The lines between the regions.</summary>
    public RegionLanes Lanes { get; }

    /// <summary>All processes, whether they run or not.</summary>
    public IReadOnlyList<ClusterProcess> Processes => _processes;

    /// <summary>The silos.</summary>
    public IEnumerable<ClusterProcess> Silos => Of(ProcessKind.Silo);

    /// <summary>The front ends, one per region, in the regions' order.</summary>
    public IEnumerable<ClusterProcess> FrontEnds => Of(ProcessKind.FrontEnd);

    /// <summary>The cluster store.</summary>
    public StoreKind Store => _settings.Store!.Value;

    /// <summary>Its processes: etcd's members, one per region, or Redis; none where it is in memory.</summary>
    public IEnumerable<ClusterProcess> StoreMembers => Of(ProcessKind.Etcd).Concat(Of(ProcessKind.Redis));

    /// <summary>The file with an operator's token.</summary>
    public string TokenFile => _plan.TokenFile;

    /// <summary>The processes of a region, its part of the store among them.</summary>
    public IEnumerable<ClusterProcess> InRegion(string region) => _processes.Where(process => process.Region == region);

    /// <summary>A region's front end: its clients' GOPROXY.</summary>
    public ClusterProcess FrontEndOf(string region) => FrontEnds.First(process => process.Region == region);

    /// <summary>Starts everything; when it returns, every member is ready and knows all the others.</summary>
    /// <param name="settings">What is wanted.</param>
    /// <param name="clock">The clock, for waits and for the time that bytes are under way.</param>
    /// <param name="progress">Told of each step in words.</param>
    /// <param name="cancel">Ends the start, and what was started.</param>
    /// <exception cref="ProcessClusterException">It could not be started; says why in one line, and where to look.</exception>
    public static async Task<ProcessCluster> StartAsync(
        ProcessClusterSettings settings, TimeProvider clock, Action<string> progress, CancellationToken cancel)
    {
        settings = settings with
        {
            Directory = Path.GetFullPath(settings.Directory),
            Store = settings.Store
                ?? (IsOnPath(settings.EtcdProgram) ? StoreKind.Etcd : IsOnPath(settings.RedisProgram) ? StoreKind.Redis : StoreKind.Memory),
        };
        if (!ProcessNursery.IsSupported)
            throw new ProcessClusterException("a local cluster needs Linux with util-linux (setpriv, setsid)");
        if (settings.Store == StoreKind.Etcd && !IsOnPath(settings.EtcdProgram))
            throw new ProcessClusterException($"{settings.EtcdProgram} was not found: install Debian's etcd-server");
        if (settings.Store == StoreKind.Redis && !IsOnPath(settings.RedisProgram))
            throw new ProcessClusterException($"{settings.RedisProgram} was not found: install Debian's redis-server");
        if (settings.Azurite is not null && !(IsOnPath("node") && File.Exists(settings.Azurite)))
            throw new ProcessClusterException($"blob stores need node and Azurite, and one of node and {settings.Azurite} is missing");

        var cluster = new ProcessCluster(settings, clock);
        try
        {
            using var limit = new CancellationTokenSource(StartLimit, clock);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
            await cluster.StartAllAsync(progress, both.Token).ConfigureAwait(false);
            return cluster;
        }
        catch (Exception e)
        {
            var silent = cluster._processes.Where(static p => p.ProcessId is not null).ToList();
            await cluster.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && !cancel.IsCancellationRequested)
            {
                throw new ProcessClusterException(
                    $"the cluster was not ready within {StartLimit.TotalSeconds} s; see the logs in {Path.Combine(settings.Directory, "logs")}", e);
            }

            if (e is InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
                throw new ProcessClusterException(e.Message, e);
            throw;
        }
    }

    /// <summary>Puts distance between regions; pairs that are not named have none from now on.</summary>
    public void SetDistances(IReadOnlyList<Distance> distances)
    {
        foreach (var (a, b) in Pairs())
        {
            var distance = distances.FirstOrDefault(d => (d.From == a && d.To == b) || (d.From == b && d.To == a));
            Lanes.SetRoundTrip(a, b, distance?.RoundTrip ?? TimeSpan.Zero);
        }
    }

    /// <summary>Cuts a region off from all others; see <see cref="RegionLanes.Cut"/>.</summary>
    public void Isolate(string region)
    {
        foreach (var other in Regions.Where(other => other != region))
            Lanes.Cut(region, other);
    }

    /// <summary>Undoes every cut and hold.</summary>
    public void HealAll()
    {
        foreach (var (a, b) in Pairs())
            Lanes.Heal(a, b);
    }

    /// <summary>Starts one more silo in a region, and waits until it is ready.</summary>
    public async Task<ClusterProcess> AddSiloAsync(string region, CancellationToken cancel)
    {
        var silo = Add(_plan.Silo(region, _lastSilo.AddOrUpdate(region, 1, static (_, last) => last + 1)));
        await silo.StartAsync().ConfigureAwait(false);
        await silo.WaitAsync(IsRegistered, cancel).ConfigureAwait(false);
        WriteState();
        return silo;
    }

    /// <summary>Starts a process again that has ended, and waits until it is ready.</summary>
    public async Task RestartAsync(ClusterProcess process, CancellationToken cancel)
    {
        await process.StartAsync().ConfigureAwait(false);
        await process.WaitAsync(IsMember(process) ? IsRegistered : static _ => true, cancel)
            .ConfigureAwait(false);
        WriteState();
    }

    /// <summary>
    /// Waits until every running member is ready, on the engine, and sees as many members as run: the cluster has
    /// converged.
    /// </summary>
    public async Task ConvergeAsync(CancellationToken cancel)
    {
        var running = _processes.Where(IsMember).Where(static process => process.ProcessId is not null).ToList();
        var wanted = string.Create(CultureInfo.InvariantCulture, $"members: {running.Count}\n");
        await Task.WhenAll(running.Select(process => process.WaitAsync(
            report => IsRegistered(report) && report.Contains(wanted, StringComparison.Ordinal), cancel))).ConfigureAwait(false);
    }

    /// <summary>Stops everything in order: doors first, then silos, then the store. Names of those that had to be killed.</summary>
    public async Task<IReadOnlyList<string>> StopAsync(Action<string> progress)
    {
        // A silo that keeps the list of members is a store to the others, who sign off in it.
        var killed = new ConcurrentQueue<string>();
        var silos = Silos.ToLookup(silo => _plan.KeepsMembers(silo.Name));
        foreach (var turn in new[] { FrontEnds, silos[false], silos[true], StoreMembers, Of(ProcessKind.BlobStore) }
            .Select(Enumerable.ToList).Where(static processes => processes.Count > 0))
        {
            progress($"stopping {string.Join(", ", turn.Select(static process => process.Name))}");
            await Task.WhenAll(turn.Select(async process =>
            {
                if (!await process.StopAsync(StopLimit).ConfigureAwait(false))
                    killed.Enqueue(process.Name);
            })).ConfigureAwait(false);
        }

        File.Delete(ClusterState.FileIn(Directory));
        return [.. killed];
    }

    /// <summary>Kills what still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(static process => process.DisposeAsync().AsTask())).ConfigureAwait(false);
        foreach (var gateway in _gateways.Values)
            await gateway.DisposeAsync().ConfigureAwait(false);
        File.Delete(ClusterState.FileIn(Directory));
        _http.Dispose();
    }

    private async Task StartAllAsync(Action<string> progress, CancellationToken cancel)
    {
        Prepare();
        var stores = Regions.Select(_plan.StoreOrNull).OfType<ProcessPlan>().Select(Add).ToList();
        progress(stores.Count == 0
            ? "keeping the list of members in the first silo's memory"
            : $"starting {Store.ToString().ToLowerInvariant()} in {string.Join(", ", stores.Select(static store => store.Region))}");
        await StartAsync(stores).ConfigureAwait(false);
        var blobs = Regions.Select(_plan.BlobStoreOrNull).OfType<ProcessPlan>().Select(Add).ToList();
        if (blobs.Count > 0)
        {
            progress("starting a blob store in each region");
            await StartAsync(blobs).ConfigureAwait(false);
        }

        progress($"starting {_settings.SilosPerRegion} silos and a front end in each region");
        var members = new List<ClusterProcess>();
        foreach (var region in Regions)
        {
            for (var number = 1; number <= _settings.SilosPerRegion; number++)
                members.Add(Add(_plan.Silo(region, _lastSilo.AddOrUpdate(region, 1, static (_, last) => last + 1))));
            members.Add(Add(_plan.FrontEnd(region)));
        }

        await StartAsync(members).ConfigureAwait(false);
        progress("waiting until everybody knows everybody");
        await ConvergeAsync(cancel).ConfigureAwait(false);
        WriteState();

        async Task StartAsync(List<ClusterProcess> processes)
        {
            foreach (var process in processes)
                await process.StartAsync().ConfigureAwait(false);
            WriteState();
            await Task.WhenAll(processes.Select(async process =>
            {
                await process.WaitAsync(cancel).ConfigureAwait(false);
                progress($"{process.Name} is ready");
            })).ConfigureAwait(false);
        }
    }

    // Only what an earlier cluster made is deleted: the directory may hold other things.
    private void Prepare()
    {
        System.IO.Directory.CreateDirectory(Directory);
        foreach (var made in System.IO.Directory.EnumerateDirectories(Directory).Where(IsOurs))
            System.IO.Directory.Delete(made, recursive: true);
        var token = RandomNumberGenerator.GetHexString(32, lowercase: true);
        Write(_plan.SecretFile, RandomNumberGenerator.GetHexString(64, lowercase: true));
        Write(_plan.TokenFile, token + "\n");
        Write(_plan.TokensFile, $"operator local {token}\n");

        static void Write(string file, string text)
        {
            // Nobody else's to read before there is something to read.
            File.WriteAllBytes(file, []);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.WriteAllText(file, text);
        }
    }

    private bool IsOurs(string directory) =>
        Path.GetFileName(directory) is var name
        && (name == "logs" || Regions.Any(region =>
            name == $"{region}-etcd" || name == $"{region}-redis" || name == $"{region}-blobs" || name == $"{region}-front-end" || name.StartsWith($"{region}-silo-", StringComparison.Ordinal)));

    private ClusterProcess Add(ProcessPlan plan)
    {
        var process = new ClusterProcess(plan, _http, _clock);
        lock (_lastSilo)
            _processes = [.. _processes, process];
        return process;
    }

    private (Lane There, Lane Back) LanesTo(string from, int port)
    {
        var to = _plan.RegionOrNull(port) ?? from;
        return (Lanes.Find(from, to), Lanes.Find(to, from));
    }

    private void WriteState()
    {
        lock (_lastSilo)
            ClusterState.Of(this).Write();
    }

    private IEnumerable<(string, string)> Pairs() =>
        from a in Regions from b in Regions where string.CompareOrdinal(a, b) < 0 select (a, b);

    private IEnumerable<ClusterProcess> Of(ProcessKind kind) => _processes.Where(process => process.Kind == kind);

    private static bool IsMember(ClusterProcess process) => process.Kind is ProcessKind.Silo or ProcessKind.FrontEnd;

    private static bool IsRegistered(string report) => report.Contains("engine: ok", StringComparison.Ordinal);

    private static bool IsOnPath(string program) => program.Contains('/', StringComparison.Ordinal)
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));
}

/// <summary>A cluster could not be started; the message is one for people.</summary>
internal sealed class ProcessClusterException(string message, Exception? inner = null) : Exception(message, inner);
