using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Verification;

namespace ProxyCluster.Tests.Silo;

/// <summary>
/// A complete silo on a loopback port, built the way <c>serve</c> builds it, between a scripted upstream and a genuine
/// checksum database. Failures show at once: nothing is retried unless a test asks for it.
/// </summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly ScratchDirectory _data = new();
    private (string Key, string Value)[] _settings;
    private readonly Action<IServiceCollection>? _more;
    private WebApplication _app = null!;
    private RequestGauge _gauge = null!;

    private TestSilo(DatabaseServer database, (string Key, string Value)[] settings, Action<IServiceCollection>? more)
    {
        Database = database;
        _settings = settings;
        _more = more;
    }

    /// <summary>Where modules come from.</summary>
    public UpstreamServer Upstream { get; } = UpstreamServer.Start();

    /// <summary>What proves them.</summary>
    public DatabaseServer Database { get; }

    /// <summary>What the silo logged, over all its starts.</summary>
    public SiloLog Log { get; } = new();

    /// <summary>The data directory.</summary>
    public string Data => _data.Path;

    /// <summary>The rooms of the running silo.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>How the running silo stands.</summary>
    public IHostApplicationLifetime Lifetime => _app.Lifetime;

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; private set; } = null!;

    /// <summary>A client of its own, with its pool of connections; no answer is followed, decoded or retried.</summary>
    public HttpClient Http { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts a silo; <paramref name="settings"/> win over those of the fixture.</summary>
    public static Task<TestSilo> StartAsync(params (string Key, string Value)[] settings) => StartAsync(null, settings);

    /// <summary>Starts a silo with more, or other, services than it has by itself.</summary>
    public static async Task<TestSilo> StartAsync(Action<IServiceCollection>? more, params (string Key, string Value)[] settings)
    {
        var silo = new TestSilo(await DatabaseServer.StartAsync(), settings, more);
        await silo.StartAgainAsync();
        return silo;
    }

    /// <summary>Stops the silo as its owner would, and lets go of its data directory.</summary>
    public async Task StopAsync()
    {
        Http.Dispose();
        _gauge.Dispose();
        await _app.StopAsync(Cancellation);
        await _app.DisposeAsync();
    }

    /// <summary>Begins to stop and does not wait for the end.</summary>
    public Task BeginStop() => _app.StopAsync(Cancellation);

    /// <summary>Starts on the same data directory, at another port.</summary>
    public async Task StartAgainAsync()
    {
        _app = ProxyHost.Build(SettingsInput.Of(Settings()), services =>
        {
            services.AddLogging(logging => logging.ClearProviders().AddProvider(Log));
            _more?.Invoke(services);
        });
        _gauge = new RequestGauge(_app.Services);
        await _app.StartAsync(Cancellation);
        var url = new Uri(_app.Urls.First());
        Address = new IPEndPoint(IPAddress.Loopback, url.Port);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = url };
    }

    /// <summary>Changes what the next start is configured with.</summary>
    public void Configure(params (string Key, string Value)[] settings) => _settings = [.. _settings, .. settings];

    /// <summary>Has the upstream serve module versions and the checksum database prove them.</summary>
    public void Add(params IEnumerable<SiloModule> modules)
    {
        foreach (var one in modules)
        {
            Upstream.Put(one.Stem + ".info", one.Info);
            Upstream.Put(one.Stem + ".mod", one.GoMod);
            Upstream.Put(one.Stem + ".zip", one.Zip);
            Database.Database.Append(one.Module, one.ZipH1, one.GoModH1);
        }
    }

    /// <summary>Sends one request over a connection of its own, its target exactly as given.</summary>
    public async Task<RawAnswer> AskAsync(string method, string target, params string[] headers)
    {
        using var connection = await RawConnection.OpenAsync(Address);
        return await connection.AskAsync(method, target, headers);
    }

    /// <summary>GET of one raw target.</summary>
    public Task<RawAnswer> GetAsync(string target, params string[] headers) => AskAsync("GET", target, headers);

    /// <summary>Completes once exactly so many requests are being answered.</summary>
    public Task ActiveRequests(int count) => _gauge.Reached(count);

    /// <summary>The record of a module version, or null.</summary>
    public ModuleRecord? RecordOf(SiloModule module) => Services.GetRequiredService<DiskStore>().FindRecordOrNull(module.Module);

    /// <summary>Files that are being written, or were left over.</summary>
    public IReadOnlyCollection<string> TemporaryFiles() => HalfWritten.In(Data);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _gauge.Dispose();
        await _app.DisposeAsync();
        await Upstream.DisposeAsync();
        await Database.DisposeAsync();
        _data.Dispose();
    }

    private IEnumerable<(string Key, string Value)> Settings()
    {
        var settings = new Dictionary<string, string>
        {
            ["Serve:Urls"] = "http://127.0.0.1:0",
            ["Storage:Data"] = Data,
            ["Storage:Flush"] = "false",
            ["Upstreams:List"] = Upstream.Url,
            ["Upstreams:Retries"] = "0",
            ["Verification:SumDb"] = Database.Setting,
            ["Verification:Attempts"] = "1",
            ["Cluster:Region"] = "tokyo",

            // Tests ask for what is not there, by the hundred, on machines that are busy with other tests.
            ["Http:MaxWastedPerSecond"] = "0",

            // Orleans ends a call by the machine's clock, while a grain's word that it works comes by the test's, which may stand.
            ["Orleans:CallTimeout"] = "30s",
        };
        foreach (var (key, value) in _settings)
            settings[key] = value.Replace("{upstream}", Upstream.Url, StringComparison.Ordinal);
        return settings.Select(pair => (pair.Key, pair.Value));
    }
}
