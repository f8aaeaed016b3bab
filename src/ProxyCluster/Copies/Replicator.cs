using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// Hands copies of what this silo fetched to the next regions of the key's order, in the background.
/// <para>
/// The owner tells a silo of the target region "copy this from me", and that silo fills it like any other artifact from a
/// peer: verified, and committed by its own rules. A copy stays owed until a region has it: a failed attempt waits by
/// itself, so that a region which is down holds up nobody else's copies, and one that stays down is replaced by the next
/// region of the order that has none yet, if there is one. What is owed survives a restart (<see cref="OwedNotes"/>) and
/// is bounded. Lag per pair of regions is a metric: objects, bytes and the age of the oldest.
/// </para>
/// Regions that are not there at the time of the commit are owed nothing; what they lack they copy when asked.
/// </summary>
internal sealed partial class Replicator : HostedLoop
{
    private readonly ClusterSelf _self;
    private readonly PeerCalls _calls;
    private readonly OwedNotes _notes;
    private readonly ReplicationOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly Channel<Attempt> _due = Channel.CreateUnbounded<Attempt>();
    private readonly ConcurrentDictionary<(ModuleVersion, ArtifactKind, string), OwedCopy> _owed = new();

    private sealed record Attempt(OwedCopy Copy, int Number, TimeSpan Pause);

    public Replicator(
        ClusterSelf self,
        PeerCalls calls,
        DataTree tree,
        DiskStore store,
        IOptions<ReplicationOptions> options,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILoggerFactory loggers)
        : base(clock, loggers.CreateLogger<Replicator>())
    {
        _self = self;
        _calls = calls;
        _notes = new OwedNotes(tree.OwedToRegions, tree, store, loggers.CreateLogger<OwedNotes>());
        _options = options.Value;
        _metrics = metrics;
        metrics.ObserveReplication(
            () => Lag(static copies => copies.LongCount()),
            () => Lag(static copies => copies.Sum(static c => c.Bytes)),
            () => Lag(copies => (long)(Clock.GetUtcNow() - copies.Min(static c => c.Since)).TotalSeconds));
    }

    /// <summary>Copies not yet handed over.</summary>
    public int Pending => _owed.Count;

    /// <summary>Owes copies of an artifact that this silo just fetched.</summary>
    public void Committed(ModuleRecord record, ArtifactKind kind)
    {
        if (_options.MinRegions <= 1 || record.ArtifactOrNull(kind) is not { } stored)
            return;

        foreach (var region in OtherRegions(record.Module).Take(_options.MinRegions - 1))
            Owe(new OwedCopy(record.Module, kind, region, stored.Size, Clock.GetUtcNow()), isNoted: false);
    }

    protected override IEnumerable<Turn> Strands => Enumerable.Repeat<Turn>(HandOutNextAsync, _options.Parallel).Prepend(RecallAsync);

    private Task<bool> RecallAsync(CancellationToken stop)
    {
        foreach (var copy in _notes.ReadAll())
            Owe(copy, isNoted: true);
        return Task.FromResult(false);
    }

    private async Task<bool> HandOutNextAsync(CancellationToken stop)
    {
        var attempt = await _due.Reader.ReadAsync(stop);
        try
        {
            await HandOutAsync(attempt, stop);
            return true;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // A bug's doing, and the copy is owed still.
            _ = AgainAsync(attempt, stop);
            throw;
        }
    }

    private IEnumerable<string> OtherRegions(ModuleVersion module) => OwnerOrder.For(module.ToString(), _self.View)
        .Select(static m => m.Region)
        .Distinct(StringComparer.Ordinal)
        .Where(region => region != _self.Region);

    private void Owe(OwedCopy copy, bool isNoted)
    {
        if (_owed.Count >= _options.MaxWaiting)
        {
            Count(copy, "dropped");
            if (isNoted)
                _notes.Delete(copy);
            return;
        }

        if (!_owed.TryAdd(copy.Key, copy))
            return;
        if (!isNoted)
            _notes.Write(copy);
        _due.Writer.TryWrite(new Attempt(copy, 1, _options.RetryPause));
    }

    private void Settle(OwedCopy copy, string outcome)
    {
        Count(copy, outcome);
        _notes.Delete(copy);
        _owed.TryRemove(copy.Key, out _);
    }

    private async Task HandOutAsync(Attempt attempt, CancellationToken cancel)
    {
        var copy = attempt.Copy;
        if (await TryHandOutAsync(attempt, cancel) is not { } why)
        {
            Settle(copy, "ok");
            return;
        }

        if (attempt.Number % _options.Attempts == 0)
        {
            if (SubstituteOrNull(copy) is { } next)
            {
                Log.Moved(Logger, copy.Module.Path.Value, copy.Module.Version, copy.To, attempt.Number, next, why);
                Owe(copy with { To = next }, isNoted: false);
                Settle(copy, "moved");
                return;
            }

            Log.Waiting(Logger, copy.Module.Path.Value, copy.Module.Version, copy.To, attempt.Number, why);
        }

        Count(copy, "retried");
        _ = AgainAsync(attempt, cancel);
    }

    /// <summary>
    /// A region for a copy that its own does not take: behind those that were owed one from the beginning, and owed none
    /// now. The order is that of the present view, in which a region that is out of service does not occur.
    /// </summary>
    private string? SubstituteOrNull(OwedCopy copy) => OtherRegions(copy.Module)
        .Where(region => region != copy.To)
        .Skip(Math.Max(0, _options.MinRegions - 2))
        .FirstOrDefault(region => !_owed.ContainsKey((copy.Module, copy.Kind, region)));

    private async Task AgainAsync(Attempt attempt, CancellationToken cancel)
    {
        try
        {
            await Task.Delay(attempt.Pause, Clock, cancel);
            var longer = attempt.Pause * 2;
            _due.Writer.TryWrite(new Attempt(
                attempt.Copy, attempt.Number + 1, longer < _options.MaxRetryPause ? longer : _options.MaxRetryPause));
        }
        catch (OperationCanceledException)
        {
            // The next process goes on with it.
        }
    }

    private async Task<string?> TryHandOutAsync(Attempt attempt, CancellationToken cancel)
    {
        var copy = attempt.Copy;
        var silos = RegionalOwner.For(copy.Module.ToString(), copy.To, _self.View);
        if (silos.IsEmpty || !_self.View.Routing.IsUsable(copy.To))
            return "the region has no live silo or is out of service";

        var target = silos[(attempt.Number - 1) % silos.Length];
        using var limit = new CancellationTokenSource(_options.HandOverTimeout, Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            var sent = await _calls.SendAsync(
                target, HttpMethod.Post, PeerTarget.Replicate(copy.Module, copy.Kind), null, both.Token);
            if (!sent.TryGet(out var response, out var failure))
                return failure.Message;

            using (response)
                return response.IsSuccessStatusCode ? null : $"{target.Id} answered {(int)response.StatusCode}";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"{target.Id} did not finish in time";
        }
    }

    private void Count(OwedCopy copy, string outcome) =>
        _metrics.Replications.Add(1, new("region", copy.To), new("outcome", outcome));

    private IEnumerable<Measurement<long>> Lag(Func<IEnumerable<OwedCopy>, long> of) => _owed.Values
        .GroupBy(static copy => copy.To, StringComparer.Ordinal)
        .Select(region => new Measurement<long>(
            of(region), new("from", _self.Region), new KeyValuePair<string, object?>("to", region.Key)));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Copy of {Module}@{Version} for {Region} failed {Attempts} times and goes to {Next} instead: {Reason}")]
        public static partial void Moved(
            ILogger logger, string module, string version, string region, int attempts, string next, string reason);

        [LoggerMessage(LogLevel.Debug, "Copy of {Module}@{Version} for {Region} failed {Attempts} times and stays owed: {Reason}")]
        public static partial void Waiting(
            ILogger logger, string module, string version, string region, int attempts, string reason);
    }
}
