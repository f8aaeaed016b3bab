using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Lines;
using ProxyCluster.Silos;
using ProxyCluster.Tests.Silos;

namespace ProxyCluster.Tests.Chaos;

/// <summary>What holds a <see cref="ChaosCluster"/> together, and can be lost and given back.</summary>
internal abstract class ChaosEngine
{
    /// <summary>The names of each region's members; those that are no silo begin with <c>front</c>.</summary>
    public abstract IReadOnlyDictionary<string, string[]> Layout { get; }

    /// <summary>What a sequence is made of, before everything is healed.</summary>
    public abstract int Steps { get; }

    /// <summary>Whether a member can be frozen, or cut off from the others: what they say to each other runs over lines.</summary>
    public abstract bool HasLines { get; }

    /// <summary>What a member's settings must say for it.</summary>
    public abstract IEnumerable<(string, string)> Settings { get; }

    /// <summary>Makes a host a member, for one life.</summary>
    public abstract void Join(IServiceCollection services, ChaosLife life);

    /// <summary>Called before a member's host goes, so that nothing it says on its way out is heard.</summary>
    public virtual void Kill(string member)
    {
    }

    /// <summary>Nobody reaches it any more.</summary>
    public abstract void Lose();

    /// <summary>Everybody does again.</summary>
    public abstract void Restore();
}

/// <summary>The light engine: what members say to each other about the cluster is a method call.</summary>
internal sealed class ChaosOnLocal : ChaosEngine
{
    private readonly LocalCluster _cluster = new();

    public override IReadOnlyDictionary<string, string[]> Layout { get; } =
        ChaosCluster.Regions.ToDictionary(static region => region, static _ => new[] { "silo-1", "silo-2", "front" });

    public override int Steps => 12;

    public override bool HasLines => false;

    public override IEnumerable<(string, string)> Settings => [(SettingKeys.Engine, "local")];

    public override void Join(IServiceCollection services, ChaosLife life) => services.AddSingleton(_cluster);

    public override void Kill(string member) => _cluster.Kill(member);

    public override void Lose() => _cluster.Lose("chaos");

    public override void Restore() => _cluster.Restore();
}

/// <summary>
/// Silos of Orleans and their grains, which share a store in memory. Who is dead writes nothing there and says nothing to
/// the others, so that they find out by probes and votes, as they do of a killed process. Fewer than on the light engine,
/// because each watches all the others.
/// </summary>
internal sealed class ChaosOnGrains : ChaosEngine
{
    private readonly MemoryStore _store = new();
    private readonly ClusterSecret _secret = new(RandomNumberGenerator.GetBytes(32));
    private volatile bool _isLost;

    public override IReadOnlyDictionary<string, string[]> Layout { get; } = new Dictionary<string, string[]>
    {
        ["frankfurt"] = ["silo-1", "silo-2", "front"],
        ["sanjose"] = ["silo-1", "front"],
        ["tokyo"] = ["silo-1"],
    };

    public override int Steps => 10;

    public override bool HasLines => true;

    // Deaths are noticed sooner than elsewhere, and silences are shorter: a sequence is made of them. Who is killed has nothing
    // to hand over.
    public override IEnumerable<(string, string)> Settings =>
    [
        ("Silo:ProbeTimeout", "500ms"),
        ("Silo:CallTimeout", "700ms"),
        ("Silo:HandOverTimeout", "100ms"),
        ("Peers:HedgeDelay", "1s"),
    ];

    public override void Join(IServiceCollection services, ChaosLife life) => services
        .AddSingleton(_store)
        .AddSingleton(_secret)
        .AddSingleton<IStartupFilter>(new HeldRequests(life))
        .AddLogging(static logging => logging.AddFilter("Orleans", LogLevel.None))
        .AddSingleton(provider => new Rooms(provider)
        {
            ConfigureSilo = silo =>
            {
                FreezableLines.Apply(silo, life.SpeakAsync, life.Killed);
                // It would try for three seconds to tell the others that it goes.
                silo.Configure<ClusterMembershipOptions>(membership => life.Ending += () => membership.UseLivenessGossip = false);
                silo.Services.AddSingleton<IMembershipTable>(new Table(this, life));
                silo.Services.AddKeyedSingleton<IGrainStorage>(StoredState.Provider, new Storage(this, life));
            },
        });

    public override void Lose() => _isLost = true;

    public override void Restore() => _isLost = false;

    private async Task<MemoryStore> ReachAsync(ChaosLife life)
    {
        await life.Process.Running;
        return _isLost && !life.IsOver ? throw new IOException("the store is lost") : _store;
    }

    private sealed class Table(ChaosOnGrains engine, ChaosLife life) : MembershipTable
    {
        public override async Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
            await (await engine.ReachAsync(life)).InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

        public override async Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
            await (await engine.ReachAsync(life)).DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

        public override async Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken)
        {
            if (!life.IsOver)
                await (await engine.ReachAsync(life)).CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);
        }

        public override async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
            await (await engine.ReachAsync(life)).ReadRowAsync(key, cancellationToken);

        public override async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) =>
            await (await engine.ReachAsync(life)).ReadAllAsync(cancellationToken);

        // Who is dead is told that all went well, here and below, and goes without another attempt.
        public override async Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
            life.IsOver || await (await engine.ReachAsync(life)).InsertRowAsync(entry, tableVersion, cancellationToken);

        public override async Task<bool> UpdateRowAsync(
            MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
            life.IsOver || await (await engine.ReachAsync(life)).UpdateRowAsync(entry, etag, tableVersion, cancellationToken);

        public override async Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
        {
            if (!life.IsOver)
                await (await engine.ReachAsync(life)).UpdateIAmAliveAsync(entry, cancellationToken);
        }
    }

    private sealed class Storage(ChaosOnGrains engine, ChaosLife life) : IGrainStorage
    {
        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            await (await engine.ReachAsync(life)).ReadStateAsync(stateName, grainId, grainState);

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (!life.IsOver)
                await (await engine.ReachAsync(life)).WriteStateAsync(stateName, grainId, grainState);
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (!life.IsOver)
                await (await engine.ReachAsync(life)).ClearStateAsync(stateName, grainId, grainState);
        }
    }

    // A process that stands still takes requests, as its kernel does, and answers none.
    private sealed class HeldRequests(ChaosLife life) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (_, answer) =>
            {
                await life.RunAsync();
                await answer();
            });
            next(app);
        };
    }
}
