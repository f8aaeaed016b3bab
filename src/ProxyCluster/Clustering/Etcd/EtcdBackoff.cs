namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Pauses between attempts: each at random between the shortest and three times the last one, up to a limit, so that the
/// members of a cluster that lost etcd together do not return together.
/// </summary>
internal sealed class EtcdBackoff(TimeSpan max)
{
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(50);
    private TimeSpan _last = Min;

    /// <summary>The next pause.</summary>
    public TimeSpan Next()
    {
        var wanted = Min + (((_last * 3) - Min) * Random.Shared.NextDouble());
        return _last = wanted < max ? wanted : max;
    }

    /// <summary>Begins with short pauses again.</summary>
    public void Reset() => _last = Min;
}
