using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Clustering;

/// <summary>An engine that has a bug for as long as a test wants: every question throws what no contract names.</summary>
internal sealed class FaultyEngine(IEngine inner) : IEngine
{
    private int _thrown;

    /// <summary>Whether it has the bug now.</summary>
    public bool IsFaulty { get; set; }

    /// <summary>How often somebody met it.</summary>
    public int Thrown => Volatile.Read(ref _thrown);

    public string Name => inner.Name;

    public Member? Self => Sound.Self;

    public ClusterView View => Sound.View;

    public EngineStatus Status => inner.Status;

    public bool IsAuthority => Sound.IsAuthority;

    public event Action<ClusterView>? ViewChanged
    {
        add => inner.ViewChanged += value;
        remove => inner.ViewChanged -= value;
    }

    private IEngine Sound
    {
        get
        {
            if (!IsFaulty)
                return inner;
            Interlocked.Increment(ref _thrown);
            throw new InvalidOperationException("a bug of the engine");
        }
    }

    public Task JoinAsync(Member self, CancellationToken cancel) => inner.JoinAsync(self, cancel);

    public Task LeaveAsync(CancellationToken cancel) => inner.LeaveAsync(cancel);

    public Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel) => Sound.TryPublishAsync(next, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
