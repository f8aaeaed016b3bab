using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Copies;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Azurite;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Storage.Blobs;

namespace ProxyCluster.Tests.Lines;

/// <summary>
/// The outside world, a container, and whole silos of one region that know nothing of each other but the container: what
/// one has of the other came through it.
/// </summary>
internal sealed class RegionSite : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly List<Silo> _silos = [];

    private RegionSite(OutsideWorld world, BlobSite blobs)
    {
        World = world;
        Upstream = world.Upstream.Url;
        Database = world.Database.Setting;
        Blobs = blobs;
    }

    public OutsideWorld World { get; }

    /// <summary>Where the upstream is, or was.</summary>
    public string Upstream { get; }

    /// <summary>In GOSUMDB's syntax; its key outlives it.</summary>
    public string Database { get; }

    public BlobSite Blobs { get; }

    /// <summary>A sample module.</summary>
    public PackedModule Sample => World.Modules[0];

    public static async Task<RegionSite> OpenAsync(AzuriteProcess azurite)
    {
        var world = await OutsideWorld.StartAsync(TimeSpan.Zero, TimeProvider.System, TestContext.Current.CancellationToken);
        return new RegionSite(world, await BlobSite.OpenAsync(azurite));
    }

    /// <summary>Starts a silo with an empty disk.</summary>
    /// <param name="endpoint">Where it finds the account; null for Azurite itself.</param>
    /// <param name="more">Further settings.</param>
    public Task<Silo> StartSiloAsync(string? endpoint = null, params (string Key, string Value)[] more) =>
        StartSiloAsync(new LocalCluster(), endpoint, more);

    /// <summary>The same as a member of a cluster.</summary>
    public async Task<Silo> StartSiloAsync(LocalCluster cluster, string? endpoint, params (string Key, string Value)[] more)
    {
        var options = Blobs.Options(endpoint);
        (string, string)[] settings =
        [
            (SettingKeys.Urls, "http://127.0.0.1:0"),
            (SettingKeys.Data, _scratch[$"silo-{_silos.Count}"]),
            (SettingKeys.Upstreams, Upstream),
            (SettingKeys.SumDb, Database),
            (SettingKeys.LogLevel, "None"),
            ("Cluster:Engine", "local"),
            ("Cluster:Region", "tokyo"),
            ("Storage:MemoryBytes", "0"),
            ("Storage:Blob:ConnectionString", options.ConnectionString),
            ("Storage:Blob:Container", options.Container),
            ("Storage:Blob:Prefix", options.Prefix),
            ("Storage:Blob:BlockBytes", options.BlockBytes.ToString(CultureInfo.InvariantCulture)),
            ("Storage:Blob:RetryPause", "1ms"),
            ("Storage:Blob:WriteMode", "before-answer"),
            .. more,
        ];
        // Later ones win, as they would on a command line.
        var silo = new Silo(ProxyHost.Build(
            SettingsInput.Of(settings.GroupBy(s => s.Item1).Select(s => s.Last())), services => services.AddSingleton(cluster)));
        _silos.Add(silo);
        await silo.Host.StartAsync(TestContext.Current.CancellationToken);
        return silo;
    }

    /// <summary>Ends a silo; its disk stays.</summary>
    public ValueTask EndAsync(Silo silo)
    {
        _silos.Remove(silo);
        return silo.DisposeAsync();
    }

    /// <summary>Upstream and checksum database are no more.</summary>
    public ValueTask EndWorldAsync() => World.DisposeAsync();

    /// <summary>Has an artifact in the shared store, as a silo that is gone by now left it; gives its record there.</summary>
    public async Task<ModuleRecord> SharedAsync(ArtifactKind kind)
    {
        var silo = await StartSiloAsync();
        await silo.GetAsync(Sample.Module, kind);
        await silo.Host.StopAsync(TestContext.Current.CancellationToken);
        return (await Blobs.Store.FindRecordOrNullAsync(Sample.Module, TestContext.Current.CancellationToken))!;
    }

    /// <summary>Puts a record of the sample into the shared store, and bytes where it says that they are.</summary>
    public async Task PutAsync(ModuleRecord record, ArtifactKind kind, byte[] bytes)
    {
        if (record.ArtifactOrNull(kind) is { } stored)
            await Blobs.WriteAsync(Blobs.Names.Artifact(Sample.Module, kind, stored.Sha256), bytes);
        await Blobs.WriteAsync(Blobs.Names.Record(Sample.Module), RecordFile.Write(record));
    }

    public byte[] BytesOf(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => Sample.Info,
        ArtifactKind.Mod => Sample.GoMod,
        _ => Sample.Zip,
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        await World.DisposeAsync();
        await Blobs.DisposeAsync();
        _scratch.Dispose();
    }

    /// <summary>A whole silo in this process.</summary>
    internal sealed class Silo(WebApplication host) : IAsyncDisposable
    {
        private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };

        public WebApplication Host => host;

        public DiskStore Disk => host.Services.GetRequiredService<DiskStore>();

        public CopyQueue<ToSharedStore> Writes => host.Services.GetRequiredService<CopyQueue<ToSharedStore>>();

        /// <summary>An artifact's bytes, as a client gets them.</summary>
        public Task<byte[]> GetAsync(ModuleVersion module, ArtifactKind kind, string before = "") => _client.GetByteArrayAsync(
            new Uri($"{host.Urls.First()}{before}/{DiskStore.KeyOf(module, kind)}"), TestContext.Current.CancellationToken);

        /// <summary>A metric's value; 0 where there is none with these labels yet.</summary>
        public async Task<double> MetricAsync(string name, string label)
        {
            var text = await _client.GetStringAsync(new Uri($"{host.Urls.First()}/metrics"), TestContext.Current.CancellationToken);
            return text.Split('\n')
                .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
                .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await host.StopAsync(TestContext.Current.CancellationToken);
            await host.DisposeAsync();
        }
    }
}
