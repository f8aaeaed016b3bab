using Orleans;
using ProxyCluster.Placement;

namespace ProxyCluster.Silos;

/// <summary>
/// Keeps the routing table and the office of the authority in its storage; what that promises is said at
/// <see cref="OrleansAuthority"/>. There is one, so there is one place that every member calls once a heartbeat: to hear
/// what it has missed, and to find that the holder of the office is dead.
/// <para>
/// <b>Losing the silo that hosts it.</b> The first call after the silo's death places it anew, and it appoints the silo in
/// which it begins, unless a live one holds the office already. Until then a deputy may take the office over.
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[KeepAlive]
internal sealed class FailoverGrain(OrleansAuthority authority, OrleansEngine engine) : Grain, IFailoverGrain
{
    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => authority.BeginAsync();

    /// <inheritdoc/>
    public async Task<RoutingWord> AttendAsync(long term, long epoch)
    {
        await authority.TendAsync(term, epoch);
        return engine.Word(epoch);
    }
}
