using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;

namespace ProxyCluster.Silos;

/// <summary>
/// The web host's services, as a silo and its grains may use them: looked up when needed, because the rooms need the
/// engine before it can have them.
/// </summary>
internal sealed class Rooms(IServiceProvider services)
{
    private ClusterStore? _store;

    /// <summary>Everything that is configured.</summary>
    public IConfiguration Configuration => services.GetRequiredService<IConfiguration>();

    /// <summary>This process as a silo.</summary>
    public OrleansOptions Options => services.GetRequiredService<IOptions<OrleansOptions>>().Value;

    /// <summary>This process as a member.</summary>
    public ClusteringOptions Cluster => services.GetRequiredService<IOptions<ClusteringOptions>>().Value;

    /// <summary>Where log lines go.</summary>
    public ILoggerFactory Logging => services.GetRequiredService<ILoggerFactory>();

    /// <summary>Where membership and grain state are.</summary>
    public ClusterStore Store => _store ??= ClusterStore.Of(Cluster, Configuration);

    /// <summary>The store in this process's memory, for a silo without another.</summary>
    public MemoryStore Memory => services.GetRequiredService<MemoryStore>();

    /// <summary>The records that grains of all rooms store.</summary>
    public IEnumerable<IJsonTypeInfoResolver> States => services.GetServices<IJsonTypeInfoResolver>().Prepend(SiloStates.Default);

    /// <summary>The silence after which whoever asks, or is asked, counts as gone.</summary>
    public TimeSpan HedgeDelay => services.GetRequiredService<IOptions<PeerOptions>>().Value.HedgeDelay;

    /// <summary>The clock.</summary>
    public TimeProvider Time => services.GetRequiredService<TimeProvider>();

    /// <summary>What somebody else wants of a silo before it starts: a test that cuts its lines.</summary>
    public Action<ISiloBuilder>? ConfigureSilo { get; init; }

    /// <summary>Somebody else who hosts the silo, such as a test host; null for a host of our own. Gives it started.</summary>
    public Func<Action<ISiloBuilder>, CancellationToken, Task<IHost>>? StartSilo { get; init; }

    /// <summary>A room's service.</summary>
    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();
}
