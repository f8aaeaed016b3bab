using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.EndToEnd.Silos;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Hosting;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// Silos as processes around a real Redis, and one member in this process, a front end, so that grains can be called and
/// views be read without a detour. Module versions are made up as they are asked for.
/// </summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly UpstreamServer _upstream = UpstreamServer.Start();
    private readonly PackedModule _sample = SampleModules.Pack()[0];
    private readonly string[] _more;
    private SiloProcesses _silos = null!;
    private WebApplication _asker = null!;
    private int _versions;

    private SiloCluster(string[] more) => _more = more;

    public OrleansEngine Engine => _asker.Services.GetRequiredService<OrleansEngine>();

    public IGrainFactory Grains => Engine.GrainsOrNull ?? throw new InvalidOperationException("the benchmark's own silo is not in its cluster");

    /// <summary>Starts Redis, silos, and after them the member in this process, so that a silo is the authority.</summary>
    /// <param name="region">The region of the member in this process.</param>
    /// <param name="regions">Those of the silos.</param>
    /// <param name="more">Further flags for the silos.</param>
    public static async Task<(SiloCluster Cluster, ProxyProcess[] Silos)> StartAsync(string region, string[] regions, params string[] more)
    {
        var cluster = new SiloCluster(more);
        cluster._silos = await SiloProcesses.OpenAsync(cluster._upstream);
        var silos = await Task.WhenAll(regions.Select(each => cluster._silos.StartAsync(each, more: more)));
        var redis = string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{cluster._silos.Redis.Port}");
        cluster._asker = ProxyHost.Build(
            SettingsInput.Of(
                ("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", cluster._scratch["asker"]), ("Upstreams:List", cluster._upstream.Url),
                ("Verification:SumDb", "off"), ("Cluster:Store", redis), ("Cluster:Region", region), ("Cluster:Role", "FrontEnd"),
                ("Cluster:SecretFile", cluster._silos.SecretFile), ("Telemetry:LogLevel", "Error")));
        await cluster._asker.StartAsync();
        await cluster.SettleAsync(silos, regions);
        return (cluster, silos);
    }

    /// <summary>Starts silos and waits until everybody sees everybody and every region serves.</summary>
    public async Task<ProxyProcess[]> StartSilosAsync(params string[] regions)
    {
        var silos = await Task.WhenAll(regions.Select(region => _silos.StartAsync(region, more: _more)));
        await SettleAsync(silos, regions);
        return silos;
    }

    /// <summary>A module version that nobody has asked for, owned in a region by a certain silo; null for whichever.</summary>
    public ModuleVersion Cold(string region, ProxyProcess? owner)
    {
        while (true)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"v1.900.{Interlocked.Increment(ref _versions)}");
            if (!ModuleVersion.TryCreate(_sample.Module.Path, text, out var module, out var error))
                throw new InvalidOperationException(error);
            if (owner is not null && RegionalOwner.For(module.ToString(), region, Engine.View)[0].Address.Authority != new Uri(owner.Url).Authority)
                continue;
            _upstream.Put(PathOf(module), _sample.GoMod);
            return module;
        }
    }

    /// <summary>Asks a silo for a module version as a client does.</summary>
    public static async Task AskAsync(ProxyProcess silo, ModuleVersion module)
    {
        using var answer = await silo.Http.GetAsync(TargetOf(module));
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>What a client asks of a silo, below its address.</summary>
    public static string TargetOf(ModuleVersion module) => PathOf(module)[1..];

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!condition())
            await Task.Delay(10, late.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_asker is not null)
        {
            await _asker.StopAsync();
            await _asker.DisposeAsync();
        }

        await _silos.DisposeAsync();
        await _upstream.DisposeAsync();
        _scratch.Dispose();
    }

    private async Task SettleAsync(ProxyProcess[] silos, string[] regions)
    {
        var ids = silos.Select(SiloProcesses.IdOf).ToHashSet(StringComparer.Ordinal);
        await UntilAsync(() => ids.IsSubsetOf(Engine.View.Members.Select(static member => member.Id)) && Engine.View.AuthorityOrNull is not null
            && regions.All(region => Engine.View.Routing.FindOrNull(region) is { State: Routing.RegionState.Active }));
        foreach (var silo in silos)
            await SiloProcesses.SaysAsync(silo, string.Create(CultureInfo.InvariantCulture, $"members: {Engine.View.Members.Length}\n"));
    }

    private static string PathOf(ModuleVersion module) => $"/{module.Path.Escaped}/@v/{module.Version}.mod";
}
