using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Fetching;
using ProxyCluster.Joining;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>Counts the copies that this member still owes to other regions; the host says who counts.</summary>
internal delegate long PendingCopies();

/// <summary>
/// Draws up this member's health report and hands it in, once per interval. A heartbeat must not stop for anything that
/// it reports about: the store is probed with a limit, and a call to an authority that does not answer ends with the
/// interval, so that the next report may go to its successor.
/// <para>
/// Two reports do not wait for their time: one that was not heard is repeated after a quarter of the interval, and a member
/// that sees others come or go reports at once. Where the authority went with them, it is this that gives it a new place; and
/// because what is decided about them comes with the answers, reports follow each other as quickly until that had its time.
/// </para>
/// </summary>
internal sealed partial class HealthReporter(
    ClusterSelf self,
    IAuthorityCalls authority,
    StoreProbe store,
    UpstreamChain upstreams,
    PendingCopies pendingCopies,
    RoundTrips roundTrips,
    ProxyMetrics metrics,
    IOptions<FailoverOptions> options,
    TimeProvider clock,
    ILogger<HealthReporter> logger) : HostedLoop(clock, logger)
{
    private long _sequence;
    private bool _isHeard = true;
    private readonly TrafficHistory _history = new(options.Value.HitRatioFor);
    private readonly long _origin = clock.GetTimestamp();
    private ImmutableArray<Member> _members = [];
    private long _movedAt;
    private Task<StoreHealth>? _probe;
    private StoreHealth? _store;

    /// <summary>The members that it knew when it last began to report.</summary>
    internal ImmutableArray<Member> Members => _members;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        var started = Clock.GetTimestamp();
        if (IsOther(self.View))
            (_members, _movedAt) = (self.View.Members, started);
        var isHeard = self.Engine.Self is not null && await ReportAsync(stop);
        var isCalm = Clock.GetElapsedTime(_movedAt, started) >= options.Value.ReportInterval;
        var rest = (isHeard && isCalm ? 1 : 0.25) * options.Value.ReportInterval - Clock.GetElapsedTime(started);
        await WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, stop);
        return true;
    }

    private async Task WaitAsync(TimeSpan rest, CancellationToken stop)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        self.Engine.ViewChanged += Look;
        try
        {
            Look(self.View);
            await Task.WhenAny(changed.Task, Task.Delay(rest, Clock, stop));
        }
        finally
        {
            self.Engine.ViewChanged -= Look;
        }

        void Look(ClusterView view)
        {
            if (IsOther(view))
                changed.TrySetResult();
        }
    }

    private bool IsOther(ClusterView view) => !view.Members.AsSpan().SequenceEqual(_members.AsSpan());

    /// <summary>The report that would be sent now.</summary>
    internal async Task<HealthReport> DrawUpAsync(CancellationToken cancel) => new()
    {
        Member = self.Member.Id,
        Region = self.Region,
        Role = self.Member.Role,
        Sequence = Interlocked.Increment(ref _sequence),
        Epoch = self.View.Routing.Epoch,
        Store = self.IsFrontEnd ? null : await StoreAsync(cancel),
        Upstreams = self.IsFrontEnd
            ? []
            : [.. upstreams.Statuses.Select(static status => new UpstreamHealth(status.Name, status.StateWord, status.State == BreakerPosition.Closed))],
        Engine = Engine(self.Engine),
        Traffic = Traffic(metrics.Traffic),
        Lasting = _history.Next(Clock.GetElapsedTime(_origin), metrics.Traffic.Totals()),
        Troubled = metrics.Troubled.Read().ToImmutableSortedDictionary(StringComparer.Ordinal),
        InFlight = metrics.Traffic.InFlight,
        PendingCopies = pendingCopies(),
        RoundTrips = roundTrips.Milliseconds,
    };

    /// <summary>The engine as reports show it.</summary>
    internal static EngineHealth Engine(IEngine engine) => new(engine.Name, engine.Status.IsDegraded, engine.Status.Detail);

    private async Task<bool> ReportAsync(CancellationToken stop)
    {
        var isHeard = await authority.ReportAsync(await DrawUpAsync(stop), options.Value.ReportInterval, stop);
        // Where there is no authority yet, none is missed.
        if (!isHeard && self.View.AuthorityId is null)
            return false;
        if (isHeard != _isHeard)
        {
            if (isHeard)
                Log.Heard(Logger, self.View.AuthorityId);
            else
                Log.NotHeard(Logger, self.View.AuthorityId);
        }

        return _isHeard = isHeard;
    }

    /// <summary>
    /// The newest result. A probe that takes long is given half an interval before the heartbeat goes out with the result
    /// before it; when it reaches its own limit, it says that the store fails.
    /// </summary>
    private async Task<StoreHealth?> StoreAsync(CancellationToken cancel)
    {
        _probe ??= store.AskAsync(cancel);
        var patience = options.Value.ReportInterval / 2;
        try
        {
            _store = await _probe.WaitAsync(patience, Clock, cancel);
        }
        catch (TimeoutException)
        {
            // It goes on; the next report asks it again.
        }
        finally
        {
            if (_probe.IsCompleted)
                _probe = null;
        }

        return _store;
    }

    private static TrafficHealth Traffic(TrafficWindow window)
    {
        var sums = window.Read();
        return new()
        {
            Window = TrafficWindow.Seconds,
            Requests = sums.Requests,
            Errors = sums.Errors,
            Loudest = Named(window.Loudest()),
            Hits = sums.Hits,
            Misses = sums.Misses,
            Fetches = sums.Fetches,
            FetchFailures = sums.FetchFailures,
            KeptBack = sums.KeptBack,
            Queries = sums.Queries,
            QueryFailures = sums.QueryFailures,
            LoudestOfQueries = Named(window.LoudestOfQueries()),
            P95Milliseconds = Math.Round(sums.P95.TotalMilliseconds, 3),
        };
    }

    private static ImmutableSortedDictionary<string, long> Named(IEnumerable<KeyValuePair<ClientAddress, long>> clients) =>
        clients.ToImmutableSortedDictionary(static one => one.Key.ToString(), static one => one.Value, StringComparer.Ordinal);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Health reports reached the authority {Authority} again")]
        public static partial void Heard(ILogger logger, string? authority);

        [LoggerMessage(LogLevel.Information, "Health report did not reach the authority {Authority}")]
        public static partial void NotHeard(ILogger logger, string? authority);
    }
}
