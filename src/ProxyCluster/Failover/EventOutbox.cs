using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Routing;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>
/// Tells webhooks and the command about events, each in order, each at its own pace: one that is slow or dead holds up
/// nobody else.
/// <para>
/// <b>At least once.</b> Only the authority tells. The events are in the routing table, published together with the change
/// that they are about; the table also says up to which of them all receivers have been told, as of its last change. A new
/// authority begins behind that, so nothing is lost with the old one and the last events may come twice.
/// </para>
/// <para>
/// <b>Bounded.</b> A queue that is full drops its oldest event, and a receiver that fails too often loses that event;
/// both are logged and counted. They stay readable in the routing table.
/// </para>
/// </summary>
internal sealed partial class EventOutbox : HostedLoop
{
    private readonly List<Line> _lines;
    private readonly FailoverOptions _options;
    private readonly ProxyMetrics _metrics;
    private long _term; // 0 between terms
    private long _terms;
    private long _offered;

    public EventOutbox(
        IOptions<FailoverOptions> options,
        IOptions<ClusteringOptions> cluster,
        ClusterSelf self,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<EventOutbox> logger)
        : this(Receivers(options.Value, cluster.Value.Name, () => self.Member.Address, clock), options.Value, metrics, clock, logger)
    {
    }

    /// <summary>An outbox for receivers that are given; they are disposed with it.</summary>
    internal EventOutbox(
        IEnumerable<IEventReceiver> receivers, FailoverOptions options, ProxyMetrics metrics, TimeProvider clock, ILogger<EventOutbox> logger)
        : base(clock, logger)
    {
        _options = options;
        _metrics = metrics;
        _lines = [.. receivers.Select(receiver => new Line(receiver, Channel.CreateBounded<Waiting>(
            new BoundedChannelOptions(options.MaxWaitingEvents) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            dropped => GiveUp(receiver, dropped.Event, "too many events were waiting"))))];
    }

    /// <summary>Every receiver was told about the events up to this id, or will not be.</summary>
    public long ToldUntil => _lines.Count == 0 ? long.MaxValue : _lines.Min(static line => line.ToldUntil);

    /// <summary>This member has become the authority; events up to <paramref name="told"/> need no telling.</summary>
    public void BeginTerm(long told)
    {
        _offered = told;
        foreach (var line in _lines)
            line.ToldUntil = Math.Max(line.ToldUntil, told);
        Volatile.Write(ref _term, ++_terms);
    }

    /// <summary>It is the authority no more; what waits is its successor's to tell.</summary>
    public void EndTerm() => Volatile.Write(ref _term, 0);

    /// <summary>Queues the events of a table that stands, as far as they are new. Called by the authority only, in turn.</summary>
    public void Offer(RoutingTable table)
    {
        if (table.LastEventId <= _offered || Volatile.Read(ref _term) is var term && term == 0)
            return;
        foreach (var change in table.Events)
        {
            if (change.Id <= _offered)
                continue;
            _offered = change.Id;
            foreach (var line in _lines.Where(line => line.ToldUntil < change.Id))
                line.Queue.Writer.TryWrite(new Waiting(change, term));
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (var receiver in _lines.Select(static line => line.Receiver).OfType<IDisposable>())
            receiver.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => _lines.Select(line => (Turn)(stop => TellNextAsync(line, stop)));

    private static IEnumerable<IEventReceiver> Receivers(FailoverOptions options, string cluster, Func<Uri> member, TimeProvider clock)
    {
        foreach (var (index, webhook) in options.Webhooks.Index())
            yield return new WebhookReceiver(index + 1, webhook, options.WebhookTimeout, cluster, member, clock);
        if (options.Command.Count > 0)
            yield return new CommandReceiver(options.Command, options.CommandTimeout, cluster, member, clock);
    }

    private async Task<bool> TellNextAsync(Line line, CancellationToken stop)
    {
        var waiting = await line.Queue.Reader.ReadAsync(stop);
        if (await TellAsync(line.Receiver, waiting, stop))
            line.ToldUntil = Math.Max(line.ToldUntil, waiting.Event.Id);
        return true;
    }

    // True once there is nothing more to do about the event in this term.
    private async Task<bool> TellAsync(IEventReceiver receiver, Waiting waiting, CancellationToken stop)
    {
        var pause = _options.DeliveryPause;
        for (var attempt = 1; ; attempt++)
        {
            if (Volatile.Read(ref _term) != waiting.Term)
                return false;
            var why = await TryTellAsync(receiver, waiting.Event, stop);
            if (why is null)
            {
                Count(receiver, "ok");
                return true;
            }

            if (attempt == _options.DeliveryAttempts)
            {
                GiveUp(receiver, waiting.Event, why);
                return true;
            }

            if (attempt == 1)
                Log.Failed(Logger, waiting.Event.Id, receiver.Name, why);
            Count(receiver, "retried");
            await Task.Delay(pause, Clock, stop);
            pause = pause * 2 < TimeSpan.FromMinutes(1) ? pause * 2 : TimeSpan.FromMinutes(1);
        }
    }

    private static async Task<string?> TryTellAsync(IEventReceiver receiver, RoutingEvent change, CancellationToken stop)
    {
        try
        {
            return await receiver.TellAsync(change, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // A receiver with a bug is one that fails: it is asked again, and in the end given up for this event.
            return e.ToString();
        }
    }

    private void GiveUp(IEventReceiver receiver, RoutingEvent change, string why)
    {
        Count(receiver, "dropped");
        Log.GivenUp(Logger, change.Id, receiver.Name, why);
    }

    private void Count(IEventReceiver receiver, string outcome) =>
        _metrics.EventDeliveries.Add(1, new("receiver", receiver.Name), new("outcome", outcome));

    private readonly record struct Waiting(RoutingEvent Event, long Term);

    private sealed class Line(IEventReceiver receiver, Channel<Waiting> queue)
    {
        private long _toldUntil;

        public IEventReceiver Receiver => receiver;

        public Channel<Waiting> Queue => queue;

        public long ToldUntil
        {
            get => Interlocked.Read(ref _toldUntil);
            set => Interlocked.Exchange(ref _toldUntil, value);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Event {Event} was not delivered to {Receiver} at the first try: {Reason}")]
        public static partial void Failed(ILogger logger, long @event, string receiver, string reason);

        [LoggerMessage(LogLevel.Error, "Event {Event} was given up for {Receiver}: {Reason}")]
        public static partial void GivenUp(ILogger logger, long @event, string receiver, string reason);
    }
}
