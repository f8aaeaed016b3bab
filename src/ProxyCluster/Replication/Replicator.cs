using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Peers;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Replication;

/// <summary>
/// Hands copies of what this silo committed as the owner to the next regions of the key's order, in the background.
/// <para>
/// The owner tells a silo of the target region "copy this from me", and that silo fills it like any other artifact from a
/// peer: verified, and committed by its own rules. The queue is bounded and in memory: what is lost with the process is
/// copied when somebody in that region asks. Lag per target region is a metric: objects, bytes and the age of the oldest.
/// </para>
/// </summary>
internal sealed partial class Replicator : BackgroundService
{
    private readonly ClusterSelf _self;
    private readonly PeerCalls _calls;
    private readonly PeerFill _fill;
    private readonly ReplicationOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<Replicator> _logger;
    private readonly Channel<Copy> _waiting;
    private readonly ConcurrentDictionary<Copy, byte> _owed = new();

    private sealed record Copy(ModuleVersion Module, ArtifactKind Kind, string Region, long Bytes, long Since);

    public Replicator(
        ClusterSelf self,
        PeerCalls calls,
        PeerFill fill,
        IOptions<ReplicationOptions> options,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<Replicator> logger)
    {
        _self = self;
        _calls = calls;
        _fill = fill;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _waiting = Channel.CreateBounded<Copy>(
            new BoundedChannelOptions(_options.MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest }, Dropped);
        metrics.ObserveReplication(
            () => Lag(static copies => copies.LongCount()),
            () => Lag(static copies => copies.Sum(c => c.Bytes)),
            () => Lag(copies => (long)copies.Max(c => _clock.GetElapsedTime(c.Since).TotalSeconds)));
    }

    /// <summary>Copies not yet handed over.</summary>
    public int Pending => _owed.Count;

    /// <summary>Queues the copies of an artifact that this silo just committed as its owner.</summary>
    public void Committed(ModuleRecord record, ArtifactKind kind)
    {
        if (_options.MinRegions <= 1)
            return;

        var regions = OwnerOrder.For(record.Module.ToString(), _self.View)
            .Select(static m => m.Region)
            .Distinct(StringComparer.Ordinal)
            .Where(region => region != _self.Region)
            .Take(_options.MinRegions - 1);
        foreach (var region in regions)
        {
            var copy = new Copy(
                record.Module, kind, region, record.ArtifactOrNull(kind)?.Size ?? 0, _clock.GetTimestamp());
            _owed.TryAdd(copy, 0);
            _waiting.Writer.TryWrite(copy);
        }
    }

    /// <summary>Copies an artifact from the member that asked for it.</summary>
    public async Task<Outcome<ModuleRecord>> CopyFromAsync(
        string member, ModuleVersion module, ArtifactKind kind, CancellationToken cancel) =>
        _self.View.Members.FirstOrDefault(m => m.Id == member) is { } owner
            ? await _fill.FillAsync(owner, module, kind, AskLevel.Home, static () => { }, cancel)
            : new Failure(FailureKind.PeerUnavailable, $"{member} is not in this silo's view of the cluster");

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Parallel.ForEachAsync(
        _waiting.Reader.ReadAllAsync(stoppingToken),
        new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = stoppingToken },
        HandOutAsync);

    private async ValueTask HandOutAsync(Copy copy, CancellationToken cancel)
    {
        var pause = _options.RetryPause;
        for (var attempt = 1; ; attempt++)
        {
            var why = await TryHandOutAsync(copy, cancel);
            if (why is null)
            {
                Count(copy, "ok");
                break;
            }

            if (attempt == _options.Attempts)
            {
                Count(copy, "dropped");
                Log.GivenUp(_logger, copy.Module.Path.Value, copy.Module.Version, copy.Region, attempt, why);
                break;
            }

            Count(copy, "retried");
            await Task.Delay(pause, _clock, cancel);
            pause *= 2;
        }

        _owed.TryRemove(copy, out _);
    }

    private async Task<string?> TryHandOutAsync(Copy copy, CancellationToken cancel)
    {
        if (RegionalOwner.For(copy.Module.ToString(), copy.Region, _self.View) is not [var target, ..])
            return "the region has no live silo";

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10), _clock);
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

    private void Dropped(Copy copy)
    {
        _owed.TryRemove(copy, out _);
        Count(copy, "dropped");
    }

    private void Count(Copy copy, string outcome) =>
        _metrics.Replications.Add(1, new("region", copy.Region), new("outcome", outcome));

    private IEnumerable<Measurement<long>> Lag(Func<IEnumerable<Copy>, long> of) => _owed.Keys
        .GroupBy(static copy => copy.Region, StringComparer.Ordinal)
        .Select(region => new Measurement<long>(
            of(region), new("from", _self.Region), new KeyValuePair<string, object?>("to", region.Key)));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Copy of {Module}@{Version} for {Region} was given up after {Attempts} attempts: {Reason}")]
        public static partial void GivenUp(
            ILogger logger, string module, string version, string region, int attempts, string reason);
    }
}
