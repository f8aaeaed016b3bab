using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.Abuse;

/// <summary>
/// A hostile client does everything that it can think of, all at once, to a front end and to the silo behind it, beside a
/// polite build farm: nobody of the farm fails, no region changes its state, and neither memory nor log nor disk fills up.
/// <para>
/// The same load runs first without the hostile client; the report says how much slower hits and cold modules are beside it.
/// By hand for longer: <c>PROXYCLUSTER_TESTS_ABUSE=60</c>, in seconds.
/// </para>
/// </summary>
[Trait("Needs", "etcd")]
[Trait("Suite", "abuse")]
public sealed class AbuseTests
{
    private const string Variable = "PROXYCLUSTER_TESTS_ABUSE";
    private const int Clients = 10;
    private const int Warm = 20;
    private const int OfGo = 12;
    private const long MaxBytes = 32L << 20;

    // A record, which stays, and the block that its directory takes.
    private const int PerModuleVersion = 16 << 10;

    private const string Known = "rehearsal.example.com/m0000";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static bool IsByHand => Environment.GetEnvironmentVariable(Variable) is not null;

    private static int Seconds => Environment.GetEnvironmentVariable(Variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 12;

    [Fact]
    public async Task HostileClient_BesideAPoliteFarm_HarmsNobody()
    {
        // 1. A cluster as an operator would set it up who expects such clients, in which everything is small enough to be filled.
        await using var system = await ClusterSystem.StartAsync(
            modules: Warm + (Clients * Seconds),
            zipBytes: 8000,
            static settings => settings with
            {
                Regions = ["frankfurt", "tokyo"],
                SilosPerRegion = 1,
                Settings =
                [
                    ("Http:MaxConnectionsPerClient", "300"), ("Http:MaxRequestsPerClient", "300"), ("Http:MaxWastedPerSecond", "100"),
                    ("Storage:MaxBytes", MaxBytes.ToString(CultureInfo.InvariantCulture)),
                ],
            });
        await system.ConvergeAsync();
        var door = system.Cluster.FrontEndOf("frankfurt").Url;
        var versions = system.World.Modules.Count;
        var next = Warm;
        var before = new PoliteFarm(system.World, door, Warm, Take(OfGo));
        await before.WarmUpAsync();
        await before.WorkAsync(Clients, TimeSpan.FromSeconds(3));
        var perPhase = ((versions - next) / 2) - OfGo;

        // 2. The farm alone.
        var alone = new PoliteFarm(system.World, door, Warm, Take(perPhase));
        var goAlone = DownloadAsync(system, door, Take(OfGo));
        await alone.WorkAsync(Clients, TimeSpan.FromSeconds(Seconds));
        var goTook = await goAlone;
        var (memory, log, changes) = (Memory(system), LogBytes(system), StateChanges(system));

        // 3. The same beside the hostile one.
        var beside = new PoliteFarm(system.World, door, Warm, Take(perPhase));
        int connections;
        TimeSpan goTookBeside;
        using (var hostile = new HostileClient("127.0.0.66", [door, system.Cluster.InRegion("frankfurt").First(static p => p.Kind == ProcessKind.Silo).Url], Salvos(system)))
        {
            var goBeside = DownloadAsync(system, door, Take(OfGo));
            await beside.WorkAsync(Clients, TimeSpan.FromSeconds(Seconds));
            goTookBeside = await goBeside;
            connections = hostile.Connections;
        }

        var (memoryAfter, logAfter) = (Memory(system), LogBytes(system));
        var disk = system.Cluster.Silos.Select(silo => DiskBytes(Path.Combine(silo.Plan.Directory, "data"))).ToList();
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {Seconds} s, {connections} hostile connections
            hits alone:   {alone.Hits}
            hits beside:  {beside.Hits}
            P99 of hits beside / alone: {beside.Hits.Percentile(0.99) / alone.Hits.Percentile(0.99):0.00}
            cold modules: alone {alone.ColdModules.Count}, {alone.ColdModules.Average():0.000} s; beside {beside.ColdModules.Count}, {beside.ColdModules.Average():0.000} s; ratio {beside.ColdModules.Average() / alone.ColdModules.Average():0.00}
            go mod download of {OfGo} cold versions: {goTook.TotalSeconds:0.0} s alone, {goTookBeside.TotalSeconds:0.0} s beside
            memory: {memory >> 20} MiB before, {memoryAfter >> 20} MiB after; log: {logAfter - log} bytes; disk: {string.Join(' ', disk)}
            """));

        // 4. Nobody was harmed.
        foreach (var tally in new[] { alone.Hits, alone.Misses, beside.Hits, beside.Misses })
            Assert.True(tally is { Failed: 0, WrongBytes: 0 }, $"{tally}\n{system.Logs()}");
        Assert.NotEmpty(beside.ColdModules);
        Assert.True(connections > 100 * Seconds / 12, $"the hostile client got no further than {connections} connections");

        // Whether a silo's report is late for a moment is the machine's to decide where other tests are busy on it.
        Assert.True(!IsByHand || changes.Count == StateChanges(system).Count, string.Join('\n', StateChanges(system).Except(changes)));
        await system.ConvergeAsync();
        Assert.InRange(logAfter - log, 0, 1 << 20);
        Assert.InRange(memoryAfter, 0, memory * 3 / 2);
        Assert.All(disk, bytes => Assert.InRange(bytes, 0, MaxBytes + (versions * PerModuleVersion)));

        // 5. And nothing of what is stored.
        Assert.Empty(await system.StopAndVerifyAsync());

        // Module versions that nobody has asked for yet.
        IEnumerable<int> Take(int count) => Enumerable.Range((next += count) - count, count);
    }

    private static IEnumerable<Salvo> Salvos(ClusterSystem system)
    {
        var database = system.World.Database.Key.Name;
        var zip = "/" + system.World.PathOf(0, ".zip");
        return
        [
            new("artifacts that nobody has", n => HostileClient.Get($"/hostile.example.com/a{n}/@v/v1.0.0.zip"), 60),
            new("lists that nobody has", n => HostileClient.Get($"/hostile.example.com/q{n}/@v/list"), 40),
            new("branches that nobody has", n => HostileClient.Get($"/{Known}/@v/branch-{n}.info"), 40),
            new("the newest of what nobody has", n => HostileClient.Get($"/hostile.example.com/l{n}/@latest"), 20),
            new("lookups that the database does not know", n => HostileClient.Get($"/sumdb/{database}/lookup/hostile.example.com/s{n}@v1.0.0"), 30),
            new("tiles of every width", n => HostileClient.Get($"/sumdb/{database}/tile/8/0/000.p/{1 + (n % 255)}"), 20),
            new("names too long for a file", n => HostileClient.Get($"/example.com/{new string('x', 300)}{n}/@v/list"), 10),
            new("headers that are not ASCII", n => HostileClient.Get($"/{Known}/@v/list", "If-None-Match: \"caf\u00e9\"", $"Range: bytes={n}-\u00e9"), 10),
            new("paths that end no line and clear the screen", n => HostileClient.Get($"/{n}%1b[2J{new string('y', 6000)}/@v/%0a.info"), 10),
            new("the admin API without a token", n => HostileClient.Get($"/-/admin/v1/region/{n}%1b[31m"), 5),
            new("members' calls with a made up signature", n => HostileClient.Get($"/-/cluster/v1/query/{n}", $"X-ProxyCluster-Auth: v1 me {n} {new string('a', 64)}"), 5),
            new("ranges without end", n => HostileClient.Get(zip, "Range: bytes=" + string.Join(',', Enumerable.Range(n % 7, 500).Select(static at => $"{at}-{at}"))), 10),
            new("no request at all", static _ => "", 80),
            new("a request that never ends", static n => $"GET /example.com/{n}/@v/list HTTP/1.1\r\nHost: proxy.test\r\nX-Slow: ", 40),
            new("TLS where none is spoken", static n => $"\u0016\u0003\u0001{n}\r\n\r\n", 5),
            new("downloads that nobody reads", _ => string.Concat(Enumerable.Repeat(HostileClient.Get(zip), 100)), 20),
            new("hits by the hundred", _ => string.Concat(Enumerable.Repeat(HostileClient.Get($"/{Known}/@v/list"), 100)), 4) { Reads = true },
        ];
    }

    // The real client, from an empty cache, proving every module by the mirrored database.
    private static async Task<TimeSpan> DownloadAsync(ClusterSystem system, Uri door, IEnumerable<int> modules)
    {
        using var workspace = new GoWorkspace(door.GetLeftPart(UriPartial.Authority), system.World.Database.Key.ToString());
        await workspace.GoAsync("mod", "init", "example.com/farm");
        var wanted = modules.Select(n => system.World.Modules[n].Module.ToString()).ToList();
        var began = Stopwatch.GetTimestamp();
        var result = await workspace.TryAsync(["mod", "download", "-json", .. wanted]);
        var took = Stopwatch.GetElapsedTime(began);
        Assert.True(result.ExitCode == 0, $"{result.Output}{result.Errors}\n{system.Logs()}");
        return took;
    }

    private static long Memory(ClusterSystem system) => Members(system).Sum(static member => Process.GetProcessById(member.ProcessId!.Value).WorkingSet64);

    private static long LogBytes(ClusterSystem system) => Members(system).Sum(static member => new FileInfo(member.Plan.Log).Length);

    private static List<string> StateChanges(ClusterSystem system) => [.. Members(system)
        .SelectMany(static member => File.ReadLines(member.Plan.Log))
        .Where(static line => line.Contains(" went from ", StringComparison.Ordinal))];

    private static IEnumerable<ClusterProcess> Members(ClusterSystem system) => system.Cluster.Silos.Concat(system.Cluster.FrontEnds);

    private static long DiskBytes(string directory)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 };
        return new DirectoryInfo(directory).EnumerateFiles("*", options).Sum(static file => (file.Length + 4095) / 4096 * 4096);
    }
}
