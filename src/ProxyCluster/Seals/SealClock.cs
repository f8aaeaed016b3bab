using System.Globalization;
using Microsoft.Extensions.Options;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Seals;

/// <summary>
/// Seals this member's audit log: enters where it stands into what the cluster agrees on, each <see cref="AuditOptions.SealEvery"/>, and
/// once soon after the start.
/// <para>
/// A log that does not hold what was sealed of it (its end was cut off, or another one was put in its place) is said, and sealed no more: the old
/// seal is the evidence. Move the directory away, and a new log begins.
/// </para>
/// </summary>
internal sealed partial class SealClock(
    AuditLog log, AgreedDocuments agreed, ClusterSelf self, IOptions<AuditOptions> options, TimeProvider clock, ILogger<SealClock> logger)
    : HostedLoop(clock, logger)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);

    private SealedHead? _held;
    private bool _isBroken;
    private string? _complaint;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => log.IsOn ? [TurnAsync] : [];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        // Soon after the start, and after a failure.
        var isSoon = (_held is null || _complaint is not null) && options.Value.SealEvery > First;
        await Task.Delay(isSoon ? First : options.Value.SealEvery, Clock, stop);
        if (log.Place is { Log.Length: > 0 } place)
            await SealAsync(place, stop);
        return !_isBroken;
    }

    private async Task SealAsync(AuditPlace place, CancellationToken stop)
    {
        var now = Clock.GetUtcNow();
        var round = now.UtcTicks / options.Value.SealEvery.Ticks;
        var head = new SealedHead(place.Log, place.Head.Sequence, place.Head.Hash, self.Member.Id, self.Region, now);
        var changed = await agreed.ChangeAsync(SealBook.Name, json => Step(json, head, round), stop);
        if (changed.Failure is { } failure && _complaint != failure.Message && !_isBroken)
            Log.NotSealed(Logger, failure.Message);
        else if (changed.Failure is null)
            _held = head;
        _complaint = changed.Failure?.Message;
    }

    private Outcome<byte[]> Step(ReadOnlyMemory<byte> json, SealedHead head, long round)
    {
        // 1. What does the cluster know of this log, by its newest word?
        if (!SealSet.TryParse(json.Span, out var known, out var error))
            return new Failure(FailureKind.StoreUnavailable, $"the seals that are known cannot be read by this program, so it changes none: {error}");
        if (known.OfOrNull(head.Log) is { } standing && !Holds(standing))
        {
            _isBroken = true;
            log.Note(new(log.Now, AuditWord.Integrity) { Check = "audit-log", Text = string.Create(CultureInfo.InvariantCulture, $"it does not hold line {standing.Sequence} as the cluster knows it") });
            Log.NotWhole(Logger, options.Value.Directory, standing.Sequence);
            return new Failure(FailureKind.Blocked, "the log is not what was sealed");
        }

        // 2. And now.
        var next = known.With(head, round);
        return ReferenceEquals(next, known) ? json.ToArray() : next.Write();
    }

    // What was sealed by this very process need not be read again.
    private bool Holds(SealedHead standing) =>
        (standing.Sequence, standing.Hash) == (_held?.Sequence, _held?.Hash)
        || AuditReader.HasRetired(options.Value.Directory, standing.Sequence)
        || AuditReader.HashOfOrNull(options.Value.Directory, standing.Sequence) == standing.Hash;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Critical, "The audit log in {Directory} does not hold line {Sequence} as the cluster knows it: somebody has changed it, or cut it off. It is sealed no more; see 'proxycluster audit verify'")]
        public static partial void NotWhole(ILogger logger, string directory, long sequence);

        [LoggerMessage(LogLevel.Warning, "The audit log could not be sealed and is tried again: {Reason}")]
        public static partial void NotSealed(ILogger logger, string reason);
    }
}
