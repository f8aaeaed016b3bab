using System.Diagnostics.Metrics;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>Follows the routing table on every member: each event once in its log, each region's state in its metrics.</summary>
internal sealed partial class RoutingWatch : IHostedService
{
    private readonly IEngine _engine;
    private readonly ILogger<RoutingWatch> _logger;
    private long? _logged;

    public RoutingWatch(IEngine engine, ProxyMetrics metrics, ILogger<RoutingWatch> logger)
    {
        _engine = engine;
        _logger = logger;
        metrics.ObserveRegions(
            () => Measure(static region => (int)region.State),
            () => Measure(static region => region.Share),
            () => engine.View.Routing.Epoch);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _engine.ViewChanged += Follow;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _engine.ViewChanged -= Follow;
        return Task.CompletedTask;
    }

    private void Follow(ClusterView view)
    {
        // What happened before this process came is the log of those who were there; the first of all tables is news.
        var since = _logged ??= view.Routing.Epoch > 1 ? view.Routing.LastEventId : 0;
        foreach (var change in view.Routing.Events)
        {
            if (change.Id <= since)
                continue;
            _logged = change.Id;
            Write(change);
        }
    }

    private void Write(RoutingEvent change)
    {
        switch (change.Kind)
        {
            case RoutingEventKind.State when change.To is RegionState.Suspect or RegionState.Failed:
            case RoutingEventKind.Alert:
                Log.Worse(_logger, change.Id, change.Epoch, EventWords.Sentence(change));
                break;

            case RoutingEventKind.Appeared:
                Log.Appeared(_logger, change.Id, change.Epoch, EventWords.Sentence(change));
                break;

            default:
                Log.Changed(_logger, change.Id, change.Epoch, EventWords.Sentence(change));
                break;
        }
    }

    private IEnumerable<Measurement<int>> Measure(Func<RegionEntry, int> value) =>
        _engine.View.Routing.Regions.Select(region => new Measurement<int>(value(region), new KeyValuePair<string, object?>("region", region.Name)));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Event {Event} of epoch {Epoch}: {Sentence}")]
        public static partial void Worse(ILogger logger, long @event, long epoch, string sentence);

        [LoggerMessage(LogLevel.Information, "Event {Event} of epoch {Epoch}: {Sentence}")]
        public static partial void Changed(ILogger logger, long @event, long epoch, string sentence);

        [LoggerMessage(LogLevel.Debug, "Event {Event} of epoch {Epoch}: {Sentence}")]
        public static partial void Appeared(ILogger logger, long @event, long epoch, string sentence);
    }
}
