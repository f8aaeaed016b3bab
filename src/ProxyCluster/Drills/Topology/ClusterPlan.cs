using System.Collections.Concurrent;
using System.Globalization;
using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Drills.Topology;

/// <summary>
/// Which processes make up a cluster and how each is started: the command lines that somebody would write for real
/// machines, with one directory, port and log per process. Ports are chosen when a process is planned and stay with it.
/// </summary>
internal sealed class ClusterPlan
{
    /// <summary>The cluster's name in its store.</summary>
    public const string ClusterName = "rehearsal";

    private readonly ProcessClusterSettings _settings;
    private readonly IReadOnlyDictionary<string, Uri> _gateways;
    private readonly Dictionary<string, (int Client, int Peer)> _etcd;
    private readonly Dictionary<string, int> _blobPorts;
    private readonly ConcurrentDictionary<int, string> _regionOfPort = new();
    private readonly string _storeRegion;
    private readonly int _storePort;

    /// <param name="settings">What is wanted.</param>
    /// <param name="gateways">Each region's way out.</param>
    public ClusterPlan(ProcessClusterSettings settings, IReadOnlyDictionary<string, Uri> gateways)
    {
        _settings = settings;
        _gateways = gateways;
        _etcd = settings.Regions.ToDictionary(static region => region, region => (TakePort(region), TakePort(region)));
        _blobPorts = settings.Azurite is null ? [] : settings.Regions.ToDictionary(static region => region, TakePort);
        _storeRegion = settings.StoreRegion ?? settings.Regions[0];
        _storePort = TakePort(_storeRegion);
    }

    /// <summary>The file with the members' secret.</summary>
    public string SecretFile => Path.Combine(_settings.Directory, "secret");

    /// <summary>The file with an operator's token alone, as the verbs for operators take it.</summary>
    public string TokenFile => Path.Combine(_settings.Directory, "token");

    /// <summary>The same as members want it; see <see cref="Admin.AdminOptions.TokenFile"/>.</summary>
    public string TokensFile => Path.Combine(_settings.Directory, "tokens");

    /// <summary>The region whose process has a port; null for one that is none of ours.</summary>
    public string? RegionOrNull(int port) => _regionOfPort.GetValueOrDefault(port);

    /// <summary>A region's part of the cluster store; null where it has none.</summary>
    public ProcessPlan? StoreOrNull(string region) => _settings.Store switch
    {
        StoreKind.Redis => region == _storeRegion ? Redis() : null,
        StoreKind.Memory => null,
        _ => Etcd(region),
    };

    // Every change on disk before it is answered: a store that comes back has to know what it said.
    private ProcessPlan Redis() => Process($"{_storeRegion}-redis", _storeRegion, ProcessKind.Redis, _storePort, _settings.RedisProgram,
        [
            "--bind", "127.0.0.1", "--port", _storePort.ToString(CultureInfo.InvariantCulture), "--dir", ".",
            "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        ],
        new Dictionary<string, string>());

    /// <summary>
    /// A region's etcd member. Its peers' addresses are written with a dot at the end: Go does not use a proxy for
    /// <c>localhost</c> and 127.0.0.1, and the way to another region leads through the gateway.
    /// </summary>
    private ProcessPlan Etcd(string region)
    {
        var (client, peer) = _etcd[region];
        string[] arguments =
        [
            "--name", region, "--data-dir", "data",
            "--listen-client-urls", Url(client), "--advertise-client-urls", Url(client),
            "--listen-peer-urls", Url(peer), "--initial-advertise-peer-urls", PeerUrl(peer),
            "--initial-cluster", string.Join(',', _etcd.Select(static member => $"{member.Key}={PeerUrl(member.Value.Peer)}")),
            "--initial-cluster-token", ClusterName,
        ];
        return Process($"{region}-etcd", region, ProcessKind.Etcd, client, _settings.EtcdProgram, arguments,
            new Dictionary<string, string> { ["HTTP_PROXY"] = _gateways[region].OriginalString });
    }

    /// <summary>A region's blob store; null when the cluster has none.</summary>
    public ProcessPlan? BlobStoreOrNull(string region) => _settings.Azurite is not { } azurite ? null : Process(
        $"{region}-blobs", region, ProcessKind.BlobStore, _blobPorts[region], "node",
        [
            azurite, "--blobHost", "127.0.0.1", "--blobPort", _blobPorts[region].ToString(CultureInfo.InvariantCulture),
            "--location", "data", "--silent", "--disableTelemetry",
        ],
        new Dictionary<string, string>());

    /// <summary>A region's n-th silo.</summary>
    public ProcessPlan Silo(string region, int number)
    {
        var name = Invariant($"{region}-silo-{number}");
        return Member(name, region, ProcessKind.Silo, "silo", TakePort(region), KeepsMembers(name) ? _storePort : null);
    }

    /// <summary>Whether it is the silo that keeps the list of members, where there is no store.</summary>
    public bool KeepsMembers(string name) => _settings.Store == StoreKind.Memory && name == $"{_storeRegion}-silo-1";

    /// <summary>A region's front end.</summary>
    public ProcessPlan FrontEnd(string region)
    {
        var index = _settings.Regions.Index().First(r => r.Item == region).Index;
        var port = _settings.PortBase == 0 ? TakePort(region) : _settings.PortBase + index;
        _regionOfPort[port] = region;
        return Member($"{region}-front-end", region, ProcessKind.FrontEnd, "frontend", port);
    }

    private int TakePort(string region)
    {
        var port = LoopbackPorts.Take();
        _regionOfPort[port] = region;
        return port;
    }

    private ProcessPlan Member(string name, string region, ProcessKind kind, string role, int port, int? siloPort = null)
    {
        List<string> arguments =
        [
            .. _settings.Program.FirstArguments, "serve", "--urls", Url(port), "--data", "data",
            .. StoreFor(region), "--cluster", ClusterName,
            "--region", region, "--role", role, "--advertise", Url(port), "--secret-file", SecretFile,
            "--log-level", _settings.LogLevel,
        ];
        foreach (var (flag, value) in new[]
            { ("--upstream", _settings.Upstream), ("--sumdb", _settings.SumDb), ("--no-sumdb", _settings.NoSumDb) })
        {
            if (value is not null)
                arguments.AddRange([flag, value]);
        }

        // The gateways have to know whose port they are asked for.
        var made = new List<(string Key, string Value)>
        {
            ("Cluster:Gateway", _gateways[region].OriginalString),
            ("Silo:Port", (siloPort ?? TakePort(region)).ToString(CultureInfo.InvariantCulture)),
            ("Admin:TokenFile", TokensFile),
        };
        if (kind == ProcessKind.Silo && _blobPorts.TryGetValue(region, out var blobs))
        {
            made.Add(("Storage:Blob:ConnectionString",
                $"AccountName={BlobLocation.DevelopmentAccount};AccountKey={BlobLocation.DevelopmentKey};BlobEndpoint={Url(blobs)}/{BlobLocation.DevelopmentAccount}"));
        }

        foreach (var (key, value) in made.Concat(_settings.Settings))
            arguments.AddRange(["--set", $"{key}={value}"]);
        return Process(name, region, kind, port, _settings.Program.Program, arguments, new Dictionary<string, string>());
    }

    private string[] StoreFor(string region) => _settings.Store switch
    {
        StoreKind.Redis => ["--cluster-store", Invariant($"redis://127.0.0.1:{_storePort}")],
        StoreKind.Memory => ["--set", Invariant($"Silo:PrimaryPort={_storePort}")],

        // Nearest first.
        _ => ["--cluster-store", "etcd://" + string.Join(',', _etcd.OrderBy(member => member.Key == region ? 0 : 1)
            .Select(static member => Invariant($"127.0.0.1:{member.Value.Client}")))],
    };

    private ProcessPlan Process(
        string name, string region, ProcessKind kind, int port, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment) =>
        new(
            name, region, kind, new Uri(Url(port)), program, arguments, environment,
            Path.Combine(_settings.Directory, name), Path.Combine(_settings.Directory, "logs", name + ".log"));

    private static string Url(int port) => Invariant($"http://127.0.0.1:{port}");

    private static string PeerUrl(int port) => Invariant($"http://localhost.:{port}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
