using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.Hosting;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// Two whole members of one region in this process, their lines over loopback sockets. On Orleans with its membership in
/// memory; otherwise with a shared local cluster, because etcd itself takes no part in a call of an owner.
/// </summary>
internal sealed class TwoMembers : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly UpstreamServer _upstream = UpstreamServer.Start();
    private readonly LocalCluster _local = new();
    private readonly MemoryStore _memory = new();
    private readonly List<PlainMember> _members = [];

    private TwoMembers()
    {
        Sample = SampleModules.Pack()[0];
        var path = $"/{Sample.Module.Path.Escaped}/@v/{Sample.Module.Version}";
        _upstream.Put(path + ".mod", Sample.GoMod);
        File.WriteAllText(_scratch["secret"], "a secret of one benchmark");
    }

    public PackedModule Sample { get; }

    public PlainMember First => _members[0];

    public PlainMember Second => _members[1];

    public static async Task<TwoMembers> StartAsync(bool orleans)
    {
        var two = new TwoMembers();
        await two.AddAsync(orleans);
        await two.AddAsync(orleans);
        while (two._members.Exists(static member => member.Engine.View.Members.Length < 2 || member.Engine.View.AuthorityId is null))
            await Task.Delay(50);
        return two;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Enumerable.Reverse(_members))
        {
            await member.App.StopAsync();
            await member.App.DisposeAsync();
        }

        await _upstream.DisposeAsync();
        _scratch.Dispose();
    }

    private async Task AddAsync(bool orleans)
    {
        var settings = new List<(string, string)>
        {
            ("Serve:Urls", "http://127.0.0.1:0"),
            ("Storage:Data", _scratch[$"data-{_members.Count}"]),
            ("Upstreams:List", _upstream.Url),
            ("Verification:SumDb", "off"),
            ("Cluster:Region", "tokyo"),
            ("Telemetry:LogLevel", "Error"),
            ("Cluster:SecretFile", _scratch["secret"]),
        };
        if (!orleans)
            settings.Add(("Cluster:Engine", "local"));
        var app = ProxyHost.Build(SettingsInput.Of([.. settings]), services => services.AddSingleton(_local).AddSingleton(_memory));
        await app.StartAsync();
        _members.Add(new PlainMember(app));
    }
}

/// <summary>One of them.</summary>
internal sealed record PlainMember(WebApplication App)
{
    public IEngine Engine => Get<IEngine>();

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();
}
