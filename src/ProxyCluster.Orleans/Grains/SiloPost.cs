using Orleans.Concurrency;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.Orleans.Engine;

namespace ProxyCluster.Orleans.Grains;

/// <summary>The letter box of this silo; see <see cref="ISiloPost"/>.</summary>
[Reentrant]
internal sealed class SiloPost(GrainId grain, Silo silo, ILoggerFactory logging, OrleansEngine engine)
    : GrainService(grain, silo, logging), ISiloPost
{
    /// <inheritdoc/>
    public Task DeliverAsync(RoutingWord word)
    {
        engine.Take(word);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<byte[]> RecallAsync()
    {
        var known = engine.View.Routing;
        return Task.FromResult(known.Epoch > 0 ? EtcdValues.FromRouting(known) : []);
    }
}
