using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Routing;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>
/// Hosts the decisions: on every member, and at work only while the engine says that this one is the authority.
/// <para>
/// <b>One decider.</b> What it publishes is fenced by the engine's compare-and-swap on the epoch, so a holder that was
/// frozen, replaced and thawed cannot overwrite its successor; it learns of that from the refusal, or from the engine
/// before it tries. A lost race means to read again and decide again. Ticks and orders exclude each other.
/// </para>
/// <para>
/// <b>A new term</b> begins with an empty memory: every hold is counted afresh, and nobody counts as silent before he had
/// the time to report to the new authority. A region that was lost together with its predecessor is failed at the first
/// look all the same: the engine has moved the office because the members are gone, and by their absence the region is
/// judged. What must survive is in the table: intents, events, failures in a row.
/// </para>
/// <para>
/// <b>Without the engine</b> nothing can be published and nothing changes; decisions go on, so that the right one is made
/// the moment it returns.
/// </para>
/// </summary>
internal sealed partial class FailoverAuthority : HostedLoop
{
    private const int MaxReports = 4096;
    private const int MaxRaces = 5;

    private static readonly TimeSpan PublishLimit = TimeSpan.FromSeconds(5);

    private readonly ClusterSelf _self;
    private readonly EventOutbox _outbox;
    private readonly FailoverOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly long _origin;
    private readonly ConcurrentDictionary<string, Heard> _reports = new(StringComparer.Ordinal);
    private readonly Channel<bool> _arrivals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    // Guards the memory, the newest table and publishing.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private FailoverMemory? _memory;
    private RoutingTable _newest = RoutingTable.Empty;
    private PublishStatus _lastStatus = PublishStatus.Published;

    public FailoverAuthority(
        ClusterSelf self,
        EventOutbox outbox,
        IOptions<FailoverOptions> options,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<FailoverAuthority> logger)
        : base(clock, logger)
    {
        _self = self;
        _outbox = outbox;
        _options = options.Value;
        _metrics = metrics;
        _origin = clock.GetTimestamp();
    }

    /// <summary>Takes a report in; an older one than is known is dropped.</summary>
    public void Accept(HealthReport report)
    {
        if (_reports.Count >= MaxReports && !_reports.ContainsKey(report.Member))
            return;
        var heard = new Heard(report, Now);
        _reports.AddOrUpdate(
            report.Member,
            static (_, fresh) => fresh,
            static (_, known, fresh) => fresh.Report.Sequence > known.Report.Sequence ? fresh : known,
            heard);
        _arrivals.Writer.TryWrite(true);
    }

    /// <summary>Obeys an operator's order, if this member is the authority.</summary>
    public async Task<OperatorAnswer> OrderAsync(OperatorCommand command, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            for (var race = 0; race < MaxRaces; race++)
            {
                if (!_self.Engine.IsAuthority)
                    break;
                var input = Input_NeedsGate();
                var (result, message, table) = OperatorRules.Apply(command, input, _options);
                if (ReferenceEquals(table, input.Table))
                    return new OperatorAnswer(result, message, table.Epoch, table.FindOrNull(command.Region)?.State);
                var status = await PublishAsync_NeedsGate(input.Table, table, cancel);
                if (status == PublishStatus.Published)
                    return new OperatorAnswer(result, message, table.Epoch, table.FindOrNull(command.Region)?.State);
                if (status != PublishStatus.Superseded)
                    break;
            }

            return Unavailable;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The answer to an order that nobody can obey now.</summary>
    public OperatorAnswer Unavailable => new(
        OperatorResult.Unavailable,
        $"the authority {_self.View.AuthorityId ?? "(none)"} cannot publish a routing table now; try again in a few seconds",
        _self.View.Routing.Epoch,
        null);

    /// <summary>The cluster as this member knows it; health only where it is the authority, because reports go there.</summary>
    public ClusterStatus Status()
    {
        var view = _self.View;
        var isAuthority = _self.Engine.IsAuthority;
        return new ClusterStatus(
            Clock.GetUtcNow(),
            _self.Member.Id,
            isAuthority,
            view.AuthorityId,
            view.Routing.Epoch,
            view.Routing.LastEventId,
            HealthReporter.Engine(_self.Engine),
            [
                .. view.Routing.Regions.Select(static region => region.Name)
                    .Concat(view.Members.Select(static member => member.Region))
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .Select(region => StatusOf(region, view, isAuthority)),
            ]);
    }

    /// <summary>Looks once, as every tick does.</summary>
    internal async Task LookAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (!_self.Engine.IsAuthority)
            {
                EndTerm_NeedsGate();
                return;
            }

            if (_memory is null)
            {
                Log.TermBegan(Logger, _self.Member.Id, _self.View.Routing.Epoch);
                _outbox.BeginTerm(_self.View.Routing.ToldUntil);
                Forget_NeedsGate();
            }

            var input = Input_NeedsGate();
            var before = _memory ?? FailoverMemory.None;
            var decision = FailoverRules.Next(input, before, _options);
            if (ReferenceEquals(decision.Table, input.Table)
                || await PublishAsync_NeedsGate(input.Table, decision.Table, cancel) == PublishStatus.Published)
                _memory = decision.Memory;
            else
                _memory = decision.Memory with { Regions = before.Regions }; // the change did not happen, the listening did

            // While a publication was under way, reports came in: that was no pause of ours.
            _memory = _memory with { LastLook = Now };
            _outbox.Offer(_newest);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _gate.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        await LookAsync(stop);
        await WaitAsync(stop);
        return true;
    }

    private TimeSpan Now => Clock.GetElapsedTime(_origin);

    private async Task WaitAsync(CancellationToken stop)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);

        // Alone there is nobody to be quick for, and looking is a third of what an idle process does.
        var pause = _self.View.Members.Length > 1 || _options.Tick > _options.ReportInterval ? _options.Tick : _options.ReportInterval;
        var tick = Task.Delay(pause, Clock, done.Token);
        await Task.WhenAny(_arrivals.Reader.WaitToReadAsync(done.Token).AsTask(), tick);
        _arrivals.Reader.TryRead(out _);
        await done.CancelAsync();
    }

    private FailoverInput Input_NeedsGate()
    {
        var view = _self.View;
        if (view.Routing.Epoch >= _newest.Epoch)
            _newest = view.Routing;
        return new FailoverInput(
            _newest, view.Members, _reports.ToImmutableDictionary(StringComparer.Ordinal), Now, Clock.GetUtcNow(), _self.Member.Id);
    }

    private async Task<PublishStatus> PublishAsync_NeedsGate(RoutingTable before, RoutingTable next, CancellationToken cancel)
    {
        using var span = Tracing.Source.StartActivity("failover.publish");
        using var late = new CancellationTokenSource(PublishLimit, Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        var told = Math.Max(before.ToldUntil, Math.Min(_outbox.ToldUntil, before.LastEventId));
        PublishResult result;
        try
        {
            result = await _self.Engine.TryPublishAsync(next with { ToldUntil = told }, both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            result = new PublishResult(PublishStatus.Unavailable, before);
        }

        span?.SetTag("proxycluster.epoch", next.Epoch).SetTag("proxycluster.published", result.Status.ToString());
        if (result.Current.Epoch > _newest.Epoch)
            _newest = result.Current;
        if (result.Status == PublishStatus.Published)
            Count(next, before.LastEventId);
        else if (result.Status != _lastStatus)
            Log.NotPublished(Logger, next.Epoch, result.Status, result.Current.Epoch);
        _lastStatus = result.Status;
        return result.Status;

        void Count(RoutingTable table, long since)
        {
            foreach (var change in table.Events.Where(change => change.Id > since))
            {
                span?.AddEvent(new(change.Kind.ToString(), tags: new()
                {
                    ["proxycluster.region"] = change.Region,
                    ["proxycluster.region.from"] = change.From.ToString(),
                    ["proxycluster.region.to"] = change.To.ToString(),
                    ["proxycluster.reason"] = change.Reason,
                }));
                if (change.From != change.To)
                    _metrics.RegionTransitions.Add(1, new("region", change.Region), new("state", RegionWords.Of(change.To)));
            }
        }
    }

    private void EndTerm_NeedsGate()
    {
        if (_memory is null)
            return;
        _memory = null;
        _outbox.EndTerm();
        Log.TermEnded(Logger, _self.Member.Id, _self.View.AuthorityId ?? "(none)");
    }

    // Reports of members that are long gone.
    private void Forget_NeedsGate()
    {
        var live = _self.View.Members.Select(static member => member.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var id in _reports.Keys.Where(id => !live.Contains(id)).ToList())
            _reports.TryRemove(id, out _);
    }

    private ClusterRegion StatusOf(string name, ClusterView view, bool isAuthority)
    {
        var now = Now;
        var entry = view.Routing.FindOrNull(name) ?? new RegionEntry(name, RegionState.Active, default, "no routing table mentions it yet");
        ImmutableArray<ClusterMember> members =
        [
            .. view.Members.Where(member => member.Region == name).Select(member =>
            {
                var heard = isAuthority ? _reports.GetValueOrDefault(member.Id) : null;
                return new ClusterMember(
                    member.Id, member.Address, member.Role, member.Version,
                    heard is null ? null : Math.Round((now - heard.At).TotalSeconds, 2), heard?.Report);
            }),
        ];
        var reports = members.Select(static member => member.Report).OfType<HealthReport>().ToList();
        return new ClusterRegion(
            name,
            entry.State,
            entry.Since,
            entry.Reason,
            entry.Share,
            entry.Alert,
            entry.Intent,
            reports.Sum(static report => report.InFlight),
            reports.Sum(static report => report.PendingCopies),
            reports.Aggregate(new TrafficHealth(), static (sum, report) => sum.Plus(report.Traffic)),
            view.Routing.FailoverOrder.GetValueOrDefault(name, []),
            members);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Member {Member} began to decide at epoch {Epoch}")]
        public static partial void TermBegan(ILogger logger, string member, long epoch);

        [LoggerMessage(LogLevel.Debug, "Member {Member} ended to decide; the authority is {Authority}")]
        public static partial void TermEnded(ILogger logger, string member, string authority);

        [LoggerMessage(LogLevel.Warning, "Routing table of epoch {Epoch} was not published ({Status}); epoch {Standing} stands")]
        public static partial void NotPublished(ILogger logger, long epoch, PublishStatus status, long standing);
    }
}
