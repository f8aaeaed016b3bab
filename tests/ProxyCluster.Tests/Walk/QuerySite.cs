using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Fetching;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Hosting;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Walk;

/// <summary>
/// The way of a query between an upstream and an engine's owner whose every word the test writes, on a clock that stands
/// still: the rooms as a silo has them, without its host.
/// </summary>
internal sealed class QuerySite : IAsyncDisposable
{
    private readonly ScratchDirectory _data = new();
    private readonly (string Key, string Value)[] _settings;
    private WebApplication _rooms;

    public QuerySite(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        _rooms = Build();
    }

    public static Query List { get; } = new(ModulePath.Parse("example.com/m"), QueryKind.List);

    public static Query Branch { get; } = new(ModulePath.Parse("example.com/m"), QueryKind.Revision, "main");

    public ManualTimeProvider Clock { get; } = new();

    /// <summary>What the upstream is asked, by path.</summary>
    public Turns<UpstreamRequest, UpstreamReply> Upstream { get; } = new();

    /// <summary>What the engine's owner is asked.</summary>
    public Turns<Query, Outcome<PeerAnswer>> Owner { get; } = new();

    /// <summary>Whether the engine says that owners do not answer for the moment.</summary>
    public bool IsOwnerSilent { get; set; }

    public QueryWalk Walk => _rooms.Services.GetRequiredService<QueryWalk>();

    public QueryCache Queries => _rooms.Services.GetRequiredService<QueryCache>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Asks as a client's silo does, which asks the engine's owner first; or as that owner, who asks upstream.</summary>
    public Task<Outcome<GivenAnswer>> AskAsync(
        Query query, bool asOwner = false, bool cachedOnly = false, CancellationToken? cancel = null) =>
        Walk.AskAsync(
            new Ask(
                ProxyPath.ToQuery(query),
                new Asker(null, "test"),
                cachedOnly ? AskLevel.Stored : asOwner ? AskLevel.Home : AskLevel.Client,
                asOwner ? Door.Member : Door.Client),
            cancel ?? Cancel).AsTask();

    /// <summary>Asks as another member does, which wants to know what upstream said.</summary>
    public async Task<QueryAnswer> AskForMemberAsync(Query query) => (await Walk.AskForMemberAsync(
        new Ask(ProxyPath.ToQuery(query), new Asker(null, "test"), AskLevel.Home, Door.Member), Cancel)).Value;

    /// <summary>What memory gives at once, or null.</summary>
    public string? FreshOrNull(Query query) =>
        Queries.FindFreshOrNull(query.Key, _rooms.Services.GetRequiredService<ModuleGate>().Version) is { } served ? Encoding.UTF8.GetString(served.Body) : null;

    /// <summary>A new process on the same disk.</summary>
    public async Task RestartAsync()
    {
        await _rooms.DisposeAsync();
        _rooms = Build();
    }

    /// <summary>A body that the upstream sends.</summary>
    public UpstreamReply Sends(string body, string? etag = null) => new UpstreamAnswer("test", new UpstreamBody(
        new MemoryStream(Encoding.UTF8.GetBytes(body)),
        "test",
        null,
        new UpstreamBodyLimits(1 << 20, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), 1, TimeSpan.FromMinutes(1)),
        Clock,
        CancellationToken.None))
    {
        ETag = etag,
    };

    public static UpstreamReply Fails(FailureKind kind = FailureKind.UpstreamUnavailable) => UpstreamFault.Final(kind, "scripted");

    public static Outcome<PeerAnswer> Tells(string body, double age = 0) => new PeerAnswer(Encoding.UTF8.GetBytes(body), age, "test");

    public static string Info(string version) => $"{{\"Version\":\"{version}\"}}";

    public async ValueTask DisposeAsync()
    {
        await _rooms.DisposeAsync();
        _data.Dispose();
    }

    private WebApplication Build()
    {
        var rooms = ProxyHost.Build(
            SettingsInput.Of([(SettingKeys.Data, _data.Path), (SettingKeys.LogLevel, "None"), (SettingKeys.Region, "tokyo"), .. _settings]),
            services =>
            {
                services.AddSingleton<TimeProvider>(Clock);
                services.AddSingleton(ChainOf);
                services.AddSingleton<IQueryCalls>(new ScriptedOwner(this));
            });
        rooms.Services.GetRequiredService<DataTree>().Prepare();
        return rooms;
    }

    private UpstreamChain ChainOf(IServiceProvider services)
    {
        Assert.True(GoProxyList.TryParse("https://upstream.test", out var list, out _));
        return new UpstreamChain(
            new UpstreamRoutes(list, [], ModulePathPatterns.Parse("")),
            _ => new ScriptedUpstream(Upstream),
            Options.Create(new UpstreamsOptions()),
            Clock,
            services.GetRequiredService<ProxyMetrics>(),
            NullLogger<UpstreamChain>.Instance,
            static () => 0.5);
    }

    private sealed class ScriptedUpstream(Turns<UpstreamRequest, UpstreamReply> turns) : IUpstream
    {
        public string Name => "test";

        public bool IsRemote => false;

        public Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct) => turns.AskAsync(request, ct);
    }

    private sealed class ScriptedOwner(QuerySite site) : IQueryCalls
    {
        public bool IsSilent => site.IsOwnerSilent;

        public async Task<OwnerSaid<PeerAnswer>> AskAsync(Query query, Action alive, CancellationToken cancel) =>
            new(await site.Owner.AskAsync(query, cancel), "another");
    }
}
