using System.Collections.Concurrent;

namespace ProxyCluster.Drills.Load;

/// <summary>
/// A steady stream of requests that does not slow down when answers do. Each request has its moment, by the rate alone;
/// it is sent then whether or not earlier ones were answered, and its latency counts from that moment. A load that waited
/// for answers would ask less just when it matters and hide the worst ("coordinated omission").
/// </summary>
internal sealed class LoadGenerator(
    DrillCatalog catalog, IReadOnlyList<DrillClient> clients, double rate, Func<bool> isUpstreamAway, TimeProvider clock)
    : IDisposable
{
    // Requests on their way at once; beyond it they wait for their turn, and the wait counts as their latency.
    private const int MaxUnderWay = 4096;
    private const int MaxWarming = 24;

    // A client gives up on what a small machine takes long to fetch; the fetch goes on, and the next try finds it.
    private const int WarmTries = 3;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);

    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly ConcurrentDictionary<string, DrillObject> _acknowledged = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(MaxUnderWay);
    private long _began;
    private int _sent;

    /// <summary>Every request that has ended, in that order.</summary>
    public IReadOnlyCollection<Answer> Answers => _answers;

    /// <summary>Artifacts that a client got in full: the cluster must not lose them any more.</summary>
    public IEnumerable<DrillObject> Acknowledged => _acknowledged.Values;

    /// <summary>Requests sent so far.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Time since the load began.</summary>
    public TimeSpan Now => clock.GetElapsedTime(_began);

    /// <summary>
    /// Asks once for everything warm through each client's region, so that hits are hits. Gives what could not be had.
    /// </summary>
    public async Task<IReadOnlyList<string>> WarmAsync(CancellationToken cancel)
    {
        var failed = new ConcurrentQueue<string>();
        var first = clients.DistinctBy(static client => client.Region).ToList();
        await Parallel.ForEachAsync(
            catalog.Warm.Concat(catalog.Queries),
            new ParallelOptions { MaxDegreeOfParallelism = MaxWarming, CancellationToken = cancel },
            async (asked, stop) =>
            {
                foreach (var client in first)
                {
                    if (await WarmAsync(client, asked, stop) is { } cause)
                        failed.Enqueue($"{asked.Path}: {cause}");
                }

                if (asked.IsArtifact)
                    _acknowledged.TryAdd(asked.Path, asked);
            });
        return [.. failed];
    }

    /// <summary>Sends until <paramref name="stop"/>, then waits for what is under way.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _began = clock.GetTimestamp();
        var underWay = new ConcurrentDictionary<int, Task>();
        while (!stop.IsCancellationRequested)
        {
            for (var due = (int)(Now.TotalSeconds * rate); _sent < due && !stop.IsCancellationRequested; _sent++)
            {
                var number = _sent;
                var (kind, asked) = catalog.Next();
                var task = AskAsync(number, clients[number % clients.Count], kind, asked);
                underWay.TryAdd(number, task);
                _ = task.ContinueWith(_ => underWay.TryRemove(number, out var _), TaskScheduler.Default);
            }

            await Task.Delay(Tick, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(underWay.Values);
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private static async Task<string?> WarmAsync(DrillClient client, DrillObject asked, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (ending, cause, _) = await client.AskAsync(asked, cancel);
            if (ending == Ending.Ok)
                return null;
            if (ending == Ending.Wrong || attempt == WarmTries)
                return cause;
        }
    }

    private async Task AskAsync(int number, DrillClient client, AskedFor kind, DrillObject asked)
    {
        var due = TimeSpan.FromSeconds(number / rate);
        await Task.Yield();
        await _turns.WaitAsync(CancellationToken.None);
        try
        {
            var wasAway = isUpstreamAway();
            var (ending, cause, doors) = await client.AskAsync(asked, CancellationToken.None);
            if (ending == Ending.Failed && (wasAway || isUpstreamAway()) && DrillClient.IsHonestOutage(cause)
                && !_acknowledged.ContainsKey(asked.Path) && kind == AskedFor.Miss)
                ending = Ending.Unobtainable;
            if (ending == Ending.Ok && asked.IsArtifact)
                _acknowledged.TryAdd(asked.Path, asked);
            _answers.Enqueue(new Answer(due, Now - due, client.Region, kind, ending, cause, doors));
        }
        finally
        {
            _turns.Release();
        }
    }
}
