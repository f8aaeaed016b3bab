using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>
/// Keeps names in DNS as the routing table says: the authority writes them when it changes what they are to hold, and now and then.
/// <para>
/// Not by events, as webhooks are told: what counts is what holds now. So it is never given up, an old change is never made
/// after a newer one, a region that comes back has its record back, and an authority that begins repairs what its predecessor left
/// undone. A frozen one that thaws may write what was true when it froze; its successor writes over that after
/// <see cref="DnsOptions.Every"/> at the latest.
/// </para>
/// </summary>
internal sealed partial class DnsRecords(
    ClusterSelf self, IOptions<FailoverOptions> options, ProxyMetrics metrics, TimeProvider clock, ILogger<DnsRecords> logger) : HostedLoop(clock, logger)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly DnsOptions _dns = options.Value.Dns;
    private ImmutableArray<DnsHolding> _written = [];
    private string? _trouble;
    private TimeSpan _pause;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => _dns.Server.Length == 0 ? [] : [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        var plan = self.Engine.IsAuthority ? DnsPlan.Of(self.View.Routing, _dns) : [];
        if (plan.IsEmpty)
        {
            // Whoever takes the office over writes afresh: in between somebody else may have.
            _written = [];
            _trouble = null;
            await WaitAsync(plan, options.Value.ReportInterval, stop);
            return true;
        }

        await WaitAsync(plan, await WriteAsync(plan, stop), stop);
        return true;
    }

    // Gives the time until it is to be written again.
    private async Task<TimeSpan> WriteAsync(ImmutableArray<DnsHolding> plan, CancellationToken stop)
    {
        var why = await DnsUpdateCall.SendAsync(_dns, plan, Clock, stop);
        metrics.EventDeliveries.Add(1, new("receiver", "dns"), new("outcome", why is null ? "ok" : "retried"));
        if (why is not null)
        {
            if (why != _trouble)
                Log.Failed(Logger, _dns.Server, why);
            _pause = _trouble is null ? options.Value.DeliveryPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            _trouble = why;
            return _pause;
        }

        foreach (var holding in plan.Except(_written))
            Log.Written(Logger, holding.ToString(), self.View.Routing.Epoch);
        (_written, _trouble) = (plan, null);
        return _dns.Every;
    }

    // Until the time has passed, or there is something else to write.
    private async Task WaitAsync(ImmutableArray<DnsHolding> plan, TimeSpan rest, CancellationToken stop)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        self.Engine.ViewChanged += Look;
        try
        {
            Look(self.View);
            await Task.WhenAny(changed.Task, Task.Delay(rest, Clock, done.Token));
            await done.CancelAsync();
            stop.ThrowIfCancellationRequested();
        }
        finally
        {
            self.Engine.ViewChanged -= Look;
        }

        void Look(ClusterView view)
        {
            if (self.Engine.IsAuthority && !DnsPlan.Of(view.Routing, _dns).SequenceEqual(plan))
                changed.TrySetResult();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "DNS was told {Holding} for epoch {Epoch}")]
        public static partial void Written(ILogger logger, string holding, long epoch);

        [LoggerMessage(LogLevel.Warning, "DNS at {Server} was not changed and is asked again: {Reason}")]
        public static partial void Failed(ILogger logger, string server, string reason);
    }
}
