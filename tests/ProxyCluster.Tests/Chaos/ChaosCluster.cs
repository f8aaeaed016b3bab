using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Hosting;
using ProxyCluster.Routing;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Chaos;

/// <summary>
/// Three regions of silos and front ends, whole hosts on real sockets and disks in this process, whose members can be taken
/// away and given back in any order; and a record of every routing table that any of them was told.
/// </summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const string Operator = "alices-long-token-0001";

    private readonly ScratchDirectory _scratch = new();

    private ChaosCluster(SignedWorld world, ChaosEngine engine) => (World, Engine) = (world, engine);

    public static IReadOnlyList<string> Regions { get; } = ["frankfurt", "sanjose", "tokyo"];

    public SignedWorld World { get; }

    public ChaosEngine Engine { get; }

    public IReadOnlyList<ChaosMember> Members { get; private set; } = [];

    public EpochRecord Epochs { get; } = new();

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };

    public IEnumerable<ChaosMember> Silos => Members.Where(static member => member.IsSilo);

    public IEnumerable<ChaosMember> FrontEnds => Members.Where(static member => !member.IsSilo);

    /// <summary>Starts everything; everybody knows everybody when this returns.</summary>
    public static async Task<ChaosCluster> StartAsync(int modules, ChaosEngine engine)
    {
        var cluster = new ChaosCluster(await SignedWorld.StartAsync(modules, zipBytes: 3000), engine);
        await File.WriteAllTextAsync(cluster._scratch["tokens"], $"operator alice {Operator}\n");
        cluster.Members =
        [
            .. from region in engine.Layout
               from name in region.Value
               select new ChaosMember(
                   cluster, $"{region.Key}-{name}", region.Key, name == "front" ? Role.FrontEnd : Role.Silo, cluster._scratch[$"{region.Key}-{name}"]),
        ];
        try
        {
            await Task.WhenAll(cluster.Members.Select(static member => member.StartAsync()));
            await cluster.SettleAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until every live member sees every other and all regions in full service.</summary>
    public Task SettleAsync() => Waiting.UntilAsync(
        () => Members.Where(static member => member.IsAlive).All(SeesAllWell),
        "everybody is back and every region owns all of its keys");

    /// <summary>Does this member's view hold exactly the members that live, at their present addresses?</summary>
    public bool SeesTheTruth(ChaosMember member) => member.View is { } view
        && view.Members.Length == Members.Count(static other => other.IsAlive)
        && Members.Where(static other => other.IsAlive).All(other => view.FindOrNull(other.Id!)?.Address == other.Address);

    /// <summary>Gives an operator's order to a member; the status of the answer.</summary>
    public async Task<int> OrderAsync(ChaosMember by, string region, string verb)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(by.Url!, $"/-/admin/v1/regions/{region}/{verb}"))
        {
            Content = JsonContent.Create(new { reason = "chaos", force = false }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Operator);
        using var answer = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Task.WhenAll(Members.Where(static member => member.IsAlive).Select(static member => member.KillAsync()));
        await World.DisposeAsync();
        _scratch.Dispose();
    }

    internal IEnumerable<(string, string)> SettingsOf(ChaosMember member) =>
    [
        (SettingKeys.Urls, "http://127.0.0.1:0"),
        (SettingKeys.Data, member.Data),
        (SettingKeys.Upstreams, World.Upstream.Url),
        (SettingKeys.SumDb, World.Database.Setting),
        (SettingKeys.LogLevel, "None"),
        (SettingKeys.Region, member.Region),
        (SettingKeys.Role, member.Role.ToString()),
        ("Serve:DrainTimeout", "1s"),
        ("Storage:Flush", "false"),
        ("Admin:TokenFile", _scratch["tokens"]),
        ("Upstreams:Retries", "0"),
        ("Upstreams:BreakerThreshold", "1000"),
        ("Peers:Heartbeat", "100ms"),
        ("Failover:ReportInterval", "200ms"),
        ("Failover:SuspectHold", "200ms"),
        ("Failover:FailedHold", "300ms"),
        ("Failover:MaxFailedHold", "500ms"),
        ("Failover:RecoverAfter", "200ms"),
        ("Failover:RecoveryStep", "200ms"),
        .. Engine.Settings,
    ];

    private bool SeesAllWell(ChaosMember member) => SeesTheTruth(member)
        && !member.IsDegraded
        && member.View!.Routing is var table
        && Regions.All(region => table.FindOrNull(region) is { State: RegionState.Active, Share: 100 });
}

/// <summary>One host, or the place where it was.</summary>
internal sealed class ChaosMember(ChaosCluster cluster, string name, string region, Role role, string data)
{
    private SteppedClock _clock = new(new FreezableTime(), TimeSpan.Zero);
    private WebApplication? _host;

    public string Name => name;

    public string Region => region;

    public Role Role => role;

    public string Data => data;

    public bool IsSilo => role != Role.FrontEnd;

    public bool IsAlive => _host is not null;

    /// <summary>Alive, and answers.</summary>
    public bool IsWell => IsAlive && !Life.IsFrozen;

    /// <summary>The present life, or the last.</summary>
    public ChaosLife Life { get; private set; } = new();

    public Uri? Url { get; private set; }

    public string? Id => Engine?.Self?.Id;

    public Uri? Address => Engine?.Self?.Address;

    public ClusterView? View => Engine?.View;

    /// <summary>Whether its engine is not all that it should be, as far as it knows.</summary>
    public bool IsDegraded => Engine is not { Status.IsDegraded: false };

    private IEngine? Engine => _host?.Services.GetRequiredService<IEngine>();

    public async Task StartAsync()
    {
        Life = new ChaosLife();
        _clock = new SteppedClock(Life.Process, _clock.Offset);
        var host = ProxyHost.Build(
            SettingsInput.Of([.. cluster.SettingsOf(this)]),
            services =>
            {
                services.AddSingleton<TimeProvider>(_clock);
                cluster.Engine.Join(services, Life);
            });
        var told = cluster.Epochs.Begin(name);
        host.Services.GetRequiredService<IEngine>().ViewChanged += view => told.Told(view.Routing);
        await host.StartAsync(TestContext.Current.CancellationToken);
        Url = new Uri(host.Urls.First());
        _host = host;
    }

    /// <summary>It dies: no leave, no last word, and its listener is gone.</summary>
    public async Task KillAsync()
    {
        Life.End();
        cluster.Engine.Kill(Id!);
        var host = _host!;
        _host = null;
        await host.DisposeAsync();
    }

    /// <summary>Its wall clock is set on or back; what it measures time with is not.</summary>
    public void StepClock(TimeSpan by) => _clock.Step(by);

    /// <summary>Whether its disk holds an artifact, record and right bytes. A kill in between leaves neither or both.</summary>
    public bool Holds(ModuleVersion module, ArtifactKind kind, Digest right)
    {
        try
        {
            var tree = new DataTree(data);
            return File.Exists(tree.ArtifactPath(module, kind)) && RecordFile.ParseOrNull(File.ReadAllBytes(tree.RecordPath(module)), out _)?.ArtifactOrNull(kind) is { Evicted: null }
                && Digest.Of(File.ReadAllBytes(tree.ArtifactPath(module, kind))) == right;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public string PathOf(ModuleVersion module, ArtifactKind kind) => new DataTree(data).ArtifactPath(module, kind);

    /// <summary>Walks the store of a live silo as <c>verify</c> does; what fails is set aside.</summary>
    public async Task VerifyAsync() => await _host!.Services.GetRequiredService<StoreVerification>().RunAsync(
        new Dictionary<string, GoModules.Notes.VerifierKey>(), static _ => { }, static _ => { }, static _ => { }, TestContext.Current.CancellationToken);
}

/// <summary>The clock of a process whose wall time can be set, as an operator or a broken time server would.</summary>
internal sealed class SteppedClock(FreezableTime process, TimeSpan offset) : TimeProvider
{
    private long _offset = offset.Ticks;

    public TimeSpan Offset => TimeSpan.FromTicks(Volatile.Read(ref _offset));

    public void Step(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;

    public override long GetTimestamp() => process.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        process.CreateTimer(callback, state, dueTime, period);
}
