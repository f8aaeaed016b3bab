using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.TestingHost;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;
using ProxyCluster.Hosting;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Grains;

/// <summary>
/// Whole members in this process, each with its rooms, its store and its door; their silos live in one test host of
/// Orleans. Its kill is a polite stop, so nothing is said here about how deaths are noticed.
/// </summary>
internal sealed class RegionCluster : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly InProcessTestCluster _silos;
    private readonly List<RegionMember> _members = [];
    private Action<ISiloBuilder>? _next;
    private MemoryStore? _state;
    private int _ownerCalls;

    private RegionCluster()
    {
        Upstream = UpstreamServer.Start();
        Modules = SampleModules.Pack();
        foreach (var sample in Modules)
        {
            Upstream.Put(PathOf(sample, ".info"), sample.Info);
            Upstream.Put(PathOf(sample, ".mod"), sample.GoMod);
            Upstream.Put(PathOf(sample, ".zip"), sample.Zip);
        }

        foreach (var module in Modules.GroupBy(static sample => sample.Module.Path.Escaped))
            Upstream.Put($"/{module.Key}/@v/list", string.Concat(module.Select(static sample => sample.Module.Version + "\n")));
        File.WriteAllText(_scratch["secret"], "a secret of one test cluster");

        var builder = new InProcessTestClusterBuilder(0);
        builder.Options.InitializeClientOnDeploy = false;
        builder.ConfigureSiloHost((_, host) => host.UseOrleans(silo => _next!(silo)));
        _silos = builder.Build();
    }

    public UpstreamServer Upstream { get; }

    public IReadOnlyList<PackedModule> Modules { get; }

    public IReadOnlyList<RegionMember> Members => _members;

    public IEnumerable<RegionMember> Live => _members.Where(static member => !member.IsDead);

    /// <summary>Starts one member per name of a region and waits until all know all.</summary>
    public static Task<RegionCluster> StartAsync(IReadOnlyList<string> regions, params (string, string)[] settings) =>
        StartAsync(null, regions, settings);

    /// <summary>The same, with state that outlives every silo; otherwise it is in a grain, which may die with its own.</summary>
    public static async Task<RegionCluster> StartAsync(MemoryStore? state, IReadOnlyList<string> regions, params (string, string)[] settings)
    {
        var cluster = new RegionCluster { _state = state };
        try
        {
            await cluster._silos.DeployAsync();
            foreach (var region in regions)
                await cluster.AddAsync(region, settings);
            await cluster.SettleAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where an artifact of a sample is at the upstream.</summary>
    public static string PathOf(PackedModule sample, string extension) =>
        $"/{sample.Module.Path.Escaped}/@v/{sample.Module.Version}{extension}";

    /// <summary>Answers that owners of module versions gave.</summary>
    public int OwnerCalls => Volatile.Read(ref _ownerCalls);

    /// <summary>Puts module versions at the upstream that consist of a go.mod.</summary>
    public IReadOnlyList<ModuleVersion> Publish(int count)
    {
        var modules = new List<ModuleVersion>();
        for (var n = 0; n < count; n++)
        {
            Assert.True(ModuleVersion.TryParse($"example.com/small/m{n}", "v1.0.0", out var module, out _));
            Upstream.Put($"/{module.Path.Escaped}/@v/{module.Version}.mod", Encoding.UTF8.GetBytes($"module {module.Path.Value}\n"));
            modules.Add(module);
        }

        return modules;
    }

    /// <summary>How often the upstream was asked for a go.mod.</summary>
    public int ModRequests(ModuleVersion module) => Upstream.Requests($"/{module.Path.Escaped}/@v/{module.Version}.mod");

    /// <summary>Starts one more member and waits until all know all.</summary>
    public async Task<RegionMember> JoinAsync(string region, params (string, string)[] settings)
    {
        await AddAsync(region, settings);
        await SettleAsync();
        return _members[^1];
    }

    /// <summary>Waits until every live member sees every live member, and one authority.</summary>
    public async Task SettleAsync()
    {
        var engines = Live.Select(static member => member.Engine).ToList();
        await engines.UntilMembersAsync([.. engines.Select(static engine => engine.Self!.Id)]);
        await engines.UntilAuthorityAsync();
    }

    /// <summary>Ends a module version's activation once its grain has noted who holds the bytes.</summary>
    public async Task ForgetAsync(RegionMember host, PackedModule sample)
    {
        await NotesAsync(host, sample, static notes => notes.Of(ArtifactKind.Zip).Any());
        await EndAsync(host, sample);
    }

    /// <summary>Ends a module version's activation, with all that only it knew.</summary>
    public Task EndAsync(RegionMember host, PackedModule sample) => _silos.DeactivateAsync(GrainOf(host, sample));

    /// <summary>What a module version's grain has stored of who holds the bytes, once it is as wanted.</summary>
    public static async Task<HolderState> NotesAsync(RegionMember host, PackedModule sample, Func<HolderState, bool> wanted)
    {
        var storage = host.Silo!.ServiceProvider.GetRequiredKeyedService<IGrainStorage>(StoredState.Provider);
        var noted = new GrainState<HolderState>();
        do
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            await storage.ReadStateAsync("holder", GrainOf(host, sample), noted);
        }
        while (!noted.RecordExists || !wanted(noted.State!));
        return noted.State!;
    }

    /// <summary>Takes a member away with all that it was doing.</summary>
    public async Task KillAsync(RegionMember member)
    {
        member.IsDead = true;
        if (member.Silo is { } silo)
            await _silos.KillSiloAsync(silo);
        await member.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Live.ToList())
            await KillAsync(member);
        await _silos.DisposeAsync();
        await Upstream.DisposeAsync();
        _starting.Dispose();
        _scratch.Dispose();
    }

    private static GrainId GrainOf(RegionMember host, PackedModule sample) =>
        host.Silo!.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IModuleVersionGrain>(sample.Module.ToString()).GetGrainId();

    private async Task AddAsync(string region, (string, string)[] settings)
    {
        var member = new RegionMember();
        var input = SettingsInput.Of([
            ("Serve:Urls", "http://127.0.0.1:0"),
            ("Storage:Data", _scratch[$"data-{_members.Count}"]),
            ("Upstreams:List", Upstream.Url),
            ("Verification:SumDb", "off"),
            ("Cluster:Region", region),
            ("Cluster:SecretFile", _scratch["secret"]),
            ("Telemetry:LogLevel", "Error"),
            .. settings]);
        member.App = ProxyHost.Build(input, first: services =>
        {
            services.AddSingleton(provider => new Rooms(provider)
            {
                StartSilo = (configure, _) => StartSiloAsync(member, configure),
                ConfigureSilo = silo =>
                {
                    if (_state is not null)
                        silo.Services.AddKeyedSingleton<IGrainStorage>(StoredState.Provider, _state);
                    else
                        silo.AddMemoryGrainStorage(StoredState.Provider, StoredState.InMemory);
                    silo.AddIncomingGrainCallFilter(async call =>
                    {
                        await call.Invoke();
                        if (call.InterfaceMethod.DeclaringType == typeof(IModuleVersionGrain) && call.Result is OwnerWord { Kind: OwnerWordKind.Done })
                            Interlocked.Increment(ref _ownerCalls);
                    });
                },
            });
        });
        _members.Add(member);
        await member.App.StartAsync(TestContext.Current.CancellationToken);
    }

    private async Task<IHost> StartSiloAsync(RegionMember member, Action<ISiloBuilder> configure)
    {
        await _starting.WaitAsync();
        try
        {
            if (member.IsDead)
                throw new IOException("a dead member has no second life");
            _next = configure;
            member.Silo = await _silos.StartAdditionalSiloAsync();
            return member.Silo.SiloHost;
        }
        finally
        {
            _starting.Release();
        }
    }
}

/// <summary>One member of a <see cref="RegionCluster"/>.</summary>
internal sealed class RegionMember
{
    public WebApplication App { get; set; } = null!;

    public InProcessSiloHandle? Silo { get; set; }

    public bool IsDead { get; set; }

    public IEngine Engine => Get<IEngine>();

    public string Region => Engine.Self!.Region;

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    public async Task StopAsync()
    {
        try
        {
            await App.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // It is not to be polite.
        }

        await App.DisposeAsync();
    }
}
