using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;

namespace ProxyCluster.Failover;

/// <summary>The way to the authority among members of one process: it is an object of another host's.</summary>
internal sealed class LocalAuthorityCalls(ClusterSelf self, FailoverAuthority own, LocalCluster cluster) : IAuthorityCalls
{
    /// <inheritdoc/>
    public Task<bool> ReportAsync(HealthReport report, TimeSpan limit, CancellationToken cancel)
    {
        if (HolderOrNull is not { } holder)
            return Task.FromResult(false);
        holder.Accept(report);
        return Task.FromResult(true);
    }

    /// <inheritdoc/>
    public async Task<OperatorAnswer> OrderAsync(OperatorCommand command, CancellationToken cancel)
    {
        try
        {
            return await (HolderOrNull ?? own).OrderAsync(command, cancel);
        }
        catch (ObjectDisposedException)
        {
            return own.Unavailable; // its host has just ended
        }
    }

    /// <inheritdoc/>
    public Task<ClusterStatus> StatusAsync(CancellationToken cancel) => Task.FromResult((HolderOrNull ?? own).Status());

    private FailoverAuthority? HolderOrNull => self.View.AuthorityId is { } id
        ? id == self.Member.Id ? own : cluster.RoomsOrNull(id)?.GetService<FailoverAuthority>()
        : null;
}
