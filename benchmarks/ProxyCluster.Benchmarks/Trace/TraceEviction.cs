using ProxyCluster.Storage;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>The rounds of <see cref="Eviction"/> over all silos, in virtual time.</summary>
internal sealed class TraceEviction(SiloStore[] stores, StorageOptions options)
{
    private readonly uint[] _restsUntil = new uint[stores.Length];

    /// <summary>Seconds between two looks, for which the stores' clock stands still.</summary>
    public static uint LookEvery { get; } = (uint)Eviction.LookEvery.TotalSeconds;

    /// <summary>A look at every silo.</summary>
    public void Look(uint now)
    {
        for (var silo = 0; silo < stores.Length; silo++)
        {
            var need = EvictionRules.BytesToRemove(stores[silo].Taken, long.MaxValue, diskFull: false, options);
            if (need == 0 || now < _restsUntil[silo])
                continue;
            var grace = (uint)EvictionRules.Grace.TotalSeconds;
            if (now < grace || stores[silo].Evict(need, now - grace) < need)
                _restsUntil[silo] = now + (uint)Eviction.RestAfterShortfall.TotalSeconds;
        }
    }
}
