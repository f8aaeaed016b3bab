using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ProxyCluster.Copies;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Walk;

/// <summary>
/// The one place in this process that has an artifact fetched, verified and stored.
/// <para>
/// Concurrent askers of one artifact share one fetch, which runs under the node's lifetime: the client that started it
/// may leave without failing the others. Artifacts of one module version are separate tasks, so that a <c>.mod</c> never
/// waits for its zip; the store lets the first commit win where they meet.
/// </para>
/// <para>
/// Proven absence is remembered for a moment, because <c>go get</c> probes every prefix of a path at once. Outages are
/// not: the breaker of each upstream already answers those quickly.
/// </para>
/// </summary>
internal sealed class ModuleOwner : IDisposable, IAsyncDisposable
{
    private readonly DiskStore _store;
    private readonly ArtifactFetcher _fetcher;
    private readonly SharedWrites _shared;
    private readonly Replicator _replicator;
    private readonly OwnershipOptions _options;
    private readonly JoinedTasks<(ModuleVersion, ArtifactKind), Outcome<ModuleRecord>> _fetches;
    private readonly MemoryCache _absent;
    private readonly CancellationTokenSource _stop;

    public ModuleOwner(
        DiskStore store,
        ArtifactFetcher fetcher,
        SharedWrites shared,
        Replicator replicator,
        IOptions<OwnershipOptions> options,
        IHostApplicationLifetime lifetime,
        ProxyMetrics metrics)
    {
        _store = store;
        _fetcher = fetcher;
        _shared = shared;
        _replicator = replicator;
        _options = options.Value;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopped);
        _fetches = new(
            _stop.Token,
            key => metrics.JoinedFetches.Add(1, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(key.Item2))));
        _absent = new MemoryCache(new MemoryCacheOptions { SizeLimit = _options.MaxAbsentRemembered });
    }

    /// <summary>Does today's policy allow what the record names to be served?</summary>
    public bool Accepts(ModuleRecord record, ArtifactKind kind) => _fetcher.Accepts(record, kind);

    /// <summary>Fetches running now.</summary>
    public int Running => _fetches.Count;

    /// <summary>
    /// Has <paramref name="kind"/> of <paramref name="module"/> stored and gives the record that names it.
    /// <paramref name="cancel"/> ends the wait, not the work.
    /// </summary>
    public async Task<Outcome<ModuleRecord>> EnsureAsync(ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        if (_absent.TryGetValue((module, kind), out var known) && known is Failure absent)
            return absent;

        if (_fetches.Count >= _options.MaxFetches)
        {
            return new Failure(
                FailureKind.Overloaded, $"{module}: {_options.MaxFetches} fetches are under way in this silo already");
        }

        return await _fetches.RunAsync((module, kind), FetchAsync, cancel);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _absent.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, and waits for the end of work that writes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _fetches.EndedAsync();
        Dispose();
    }

    private async Task<Outcome<ModuleRecord>> FetchAsync((ModuleVersion Module, ArtifactKind Kind) key, CancellationToken cancel)
    {
        // Somebody may have stored it between the asker's look and this task.
        var record = _store.FindRecordOrNull(key.Module);
        if (record is not null && _fetcher.Accepts(record, key.Kind) && _store.HasBytes(record, key.Kind))
            return record;

        var outcome = await _fetcher.FetchAsync(key.Module, key.Kind, record, cancel);
        if (outcome.Failure is { IsProvenAbsence: true } absence)
        {
            _absent.Set(key, absence, new MemoryCacheEntryOptions
            {
                Size = 1,
                AbsoluteExpirationRelativeToNow = _options.AbsentFor,
            });
        }

        if (outcome.TryGet(out var committed, out _))
        {
            _replicator.Committed(committed, key.Kind);
            await _shared.HandOverAsync(committed, key.Kind, cancel);
        }

        return outcome;
    }
}
