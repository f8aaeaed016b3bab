using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.Hosting;
using ProxyCluster.Routing;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Failover;

/// <summary>Three regions of one whole member each, in this process, with an upstream and a checksum database.</summary>
internal sealed class RegionsSystem : IAsyncDisposable
{
    public const string Operator = "alices-long-token-0001";
    public const string Viewer = "victors-long-token-0002";

    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, WebApplication> _hosts = new(StringComparer.Ordinal);
    private readonly HttpClient _http = new();

    private RegionsSystem(OutsideWorld world) => World = world;

    public static IReadOnlyList<string> Names { get; } = ["frankfurt", "sanjose", "tokyo"];

    public OutsideWorld World { get; }

    public LocalCluster Cluster { get; } = new();

    public IEngine this[string region] => _hosts[region].Services.GetRequiredService<IEngine>();

    /// <summary>Where a region's member listens.</summary>
    public string Url(string region) => _hosts[region].Urls.First();

    /// <summary>The rooms of a region's member.</summary>
    public IServiceProvider Services(string region) => _hosts[region].Services;

    /// <summary>The table as this region's member sees it.</summary>
    public RoutingTable Table(string region) => this[region].View.Routing;

    public static async Task<RegionsSystem> StartAsync(
        Func<string, IEnumerable<(string, string)>>? settings = null, Action<string, IServiceCollection>? services = null)
    {
        var cancel = TestContext.Current.CancellationToken;
        var system = new RegionsSystem(await OutsideWorld.StartAsync(TimeSpan.Zero, TimeProvider.System, cancel));
        await File.WriteAllTextAsync(system._scratch["tokens"], $"operator alice {Operator}\nviewer victor {Viewer}\n", cancel);
        foreach (var region in Names)
        {
            var host = ProxyHost.Build(
                SettingsInput.Of(
                [
                    (SettingKeys.Urls, "http://127.0.0.1:0"),
                    (SettingKeys.Data, system._scratch[region]),
                    (SettingKeys.Upstreams, system.World.Upstream.Url),
                    (SettingKeys.SumDb, system.World.Database.Setting),
                    (SettingKeys.LogLevel, "Error"),
                    ("Cluster:Engine", "local"),
                    ("Cluster:Region", region),
                    ("Serve:DrainTimeout", "2s"),
                    ("Admin:TokenFile", system._scratch["tokens"]),
                    ("Failover:ReportInterval", "200ms"),
                    ("Failover:SuspectHold", "500ms"),
                    ("Failover:FailedHold", "1s"),
                    ("Failover:RecoverAfter", "500ms"),
                    ("Failover:RecoveryStep", "500ms"),
                    .. settings?.Invoke(region) ?? [],
                ]),
                more =>
                {
                    more.AddSingleton(system.Cluster);
                    services?.Invoke(region, more);
                });
            await host.StartAsync(cancel);
            system._hosts[region] = host;
        }

        await system._hosts.Values.Select(static host => host.Services.GetRequiredService<IEngine>())
            .UntilTableAsync(static table => table.Regions.Length == Names.Count);
        return system;
    }

    /// <summary>Waits until all members that are left see the region so.</summary>
    public Task UntilAsync(string region, RegionState state, int? share = null) => _hosts.Values
        .Select(static host => host.Services.GetRequiredService<IEngine>())
        .UntilTableAsync(table => table.FindOrNull(region) is { } entry && entry.State == state && (share is null || entry.Share == share));

    /// <summary>The region dies: no leave, and its listener is gone.</summary>
    public async Task KillAsync(string region)
    {
        Cluster.Kill(this[region].Self!.Id);
        await _hosts[region].DisposeAsync();
        _hosts.Remove(region);
    }

    public string Data(string region) => _scratch[region];

    public async Task<HttpResponseMessage> GetAsync(string region, string path, string? token = null) =>
        await SendAsync(region, HttpMethod.Get, path, token, null);

    public Task<HttpResponseMessage> OrderAsync(string by, string region, string verb, string reason = "a test", bool force = false, string? token = Operator) =>
        SendAsync(by, HttpMethod.Post, $"/-/admin/v1/regions/{region}/{verb}", token, JsonContent.Create(new { reason, force }));

    public async Task<HttpResponseMessage> SendAsync(string region, HttpMethod method, string path, string? token, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, _hosts[region].Urls.First() + path) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> JsonAsync(string region, string path, string token = Viewer)
    {
        using var answer = await GetAsync(region, path, token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var host in _hosts.Values)
        {
            await host.StopAsync(CancellationToken.None);
            await host.DisposeAsync();
        }

        await World.DisposeAsync();
        _scratch.Dispose();
    }
}
