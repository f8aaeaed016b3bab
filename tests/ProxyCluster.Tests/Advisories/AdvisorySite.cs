using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Advisories;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Advisories;

/// <summary>The room over a data directory and a database whose files the test writes; each <see cref="StartAsync"/> is a process's.</summary>
internal sealed class AdvisorySite : IAsyncDisposable
{
    private readonly ScratchDirectory _directory = new();
    private readonly Dictionary<string, string> _records = [];
    private ServiceProvider? _services;

    public UpstreamServer Server { get; } = UpstreamServer.Start();

    public ManualTimeProvider Clock { get; } = new();

    public string Data => _directory["data"];

    public AdvisoryBook Book => _services!.GetRequiredService<AdvisoryBook>();

    public AdvisoryUpdates Updates => _services!.GetRequiredService<AdvisoryUpdates>();

    /// <summary>Begins anew with what is on the disk. Nothing is asked for yet.</summary>
    public async Task StartAsync(string? database = null, params (string Key, string Value)[] more)
    {
        if (_services is not null)
            await _services.DisposeAsync();
        _services = ProxyHost.BuildServices(
            new SettingsInput
            {
                WorkingDirectory = _directory.Path,
                Variables = new Dictionary<string, string>(),
                Flags = [new Setting("Storage:Data", Data, "test"), new Setting("Advisories:Database", database ?? Server.Url, "test"), .. more.Select(static one => new Setting(one.Key, one.Value, "test"))],
            },
            services => services.AddSingleton<TimeProvider>(Clock));
        _services.GetRequiredService<DataTree>().Prepare();
    }

    /// <summary>Publishes a record about a module, affected below a version.</summary>
    public void Put(string id, string module, string fixedIn, string modified = "2025-01-01T00:00:00Z") => PutText(
        id, $$"""{"id":"{{id}}","modified":"{{modified}}","affected":[{"package":{"name":"{{module}}","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"{{fixedIn}}"}]}]}]}""", modified);

    /// <summary>Publishes a text as a record.</summary>
    public void PutText(string id, string json, string modified = "2025-01-01T00:00:00Z")
    {
        _records[id] = modified;
        Server.Put($"/ID/{id}.json", json);
        PutIndex();
    }

    /// <summary>Unpublishes a record.</summary>
    public void Remove(string id)
    {
        _records.Remove(id);
        PutIndex("2099-01-01T00:00:00Z");
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        await Server.DisposeAsync();
        _directory.Dispose();
    }

    private void PutIndex(string? modified = null)
    {
        modified ??= _records.Values.Max(StringComparer.Ordinal);
        Server.Put("/index/vulns.json", $"[{string.Join(',', _records.Select(static one => $$"""{"id":"{{one.Key}}","modified":"{{one.Value}}"}"""))}]");
        Server.Put("/index/db.json", Encoding.UTF8.GetBytes($$"""{"modified":"{{modified}}"}"""), $"\"{modified} {_records.Count}\"");
    }
}
