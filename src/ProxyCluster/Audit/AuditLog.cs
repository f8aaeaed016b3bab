using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Audit;

/// <summary>
/// Where every room says what is to be remembered.
/// <para>
/// <b>Never in a request's way.</b> An event is put into a queue, and that is all its room does. One writer (<see cref="AuditWriter"/>)
/// takes them from there in lots, and writes and flushes each lot at once. Where the disk is slower than what happens and the queue is full,
/// events are left out and counted: the metric says so at once, the log as soon as it is written again, with a line of its own.
/// </para>
/// <para>
/// <b>What is promised.</b> A line is acknowledged when its lot was flushed (<see cref="Place"/>): that survives <c>kill -9</c> and a power
/// cut. What was in the queue, <see cref="AuditOptions.GatherFor"/> of it, does not. Roads not taken: to answer after the flush (a hit
/// takes microseconds, a flush milliseconds), and to stop answering while nothing can be written (a log would be the end of a build farm).
/// </para>
/// <para>
/// <b>Who can change it unseen.</b> Nobody, as far as it was sealed: the lines are a chain (<see cref="AuditChain"/>), and its
/// end is known to the whole cluster each hour. Whoever owns the machine can still cut off what came since.
/// </para>
/// </summary>
internal sealed class AuditLog
{
    private readonly Channel<AuditEvent> _queue;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _clock;
    private AuditPlace _place = new("", AuditHead.None);
    private long _lost;

    public AuditLog(IOptions<AuditOptions> options, ProxyMetrics metrics, TimeProvider clock)
    {
        (_metrics, _clock) = (metrics, clock);
        IsOn = options.Value is { Enabled: true, Directory.Length: > 0 };
        KeepsDownloads = IsOn && options.Value.Downloads;
        _queue = Channel.CreateBounded<AuditEvent>(new BoundedChannelOptions(options.Value.MaxQueue) { SingleReader = true });
    }

    /// <summary>Is anything written?</summary>
    public bool IsOn { get; private set; }

    /// <summary>Downloads too? Hot path.</summary>
    public bool KeepsDownloads { get; private set; }

    /// <summary>Which log it is and up to where it is acknowledged; an empty name before it was opened.</summary>
    public AuditPlace Place => Volatile.Read(ref _place);

    /// <summary>What waits to be written.</summary>
    internal ChannelReader<AuditEvent> Queue => _queue.Reader;

    /// <summary>The time, for those who have no clock.</summary>
    public DateTimeOffset Now => _clock.GetUtcNow();

    /// <summary>Has it written. Hot path; neither waits nor throws.</summary>
    public void Note(AuditEvent happened)
    {
        if (!IsOn || _queue.Writer.TryWrite(happened))
            return;
        Interlocked.Increment(ref _lost);
        _metrics.AuditLost.Add(1);
    }

    /// <summary>How many were left out since somebody asked.</summary>
    internal long TakeLost() => Interlocked.Exchange(ref _lost, 0);

    /// <summary>So much is flushed.</summary>
    internal void Acknowledge(AuditPlace place, long lines)
    {
        Volatile.Write(ref _place, place);
        _metrics.AuditLines.Add(lines);
    }

    /// <summary>There is no place to write to, and there will be none.</summary>
    internal void GiveUp() => (IsOn, KeepsDownloads) = (false, false);
}

/// <summary>Where a log stands.</summary>
/// <param name="Log">Which one: random, from its first line on.</param>
/// <param name="Head">Its last line that is acknowledged.</param>
internal sealed record AuditPlace(string Log, AuditHead Head);
