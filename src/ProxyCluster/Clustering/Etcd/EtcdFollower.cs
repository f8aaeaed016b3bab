namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Follows the cluster's keys: lists them once, then watches from that revision on, and moves to another endpoint when
/// the watch breaks, resuming where it was. Lists again when etcd has compacted what was missed, or lost it.
/// <para>
/// A watch can be silent because nothing happens, or because its etcd member is frozen or cut off from the others. After
/// a bounded silence the same endpoint is asked for the number of keys and the newest of them, as of now and by quorum: no
/// answer, and the watch moves on; another answer than expected, and the keys are listed again.
/// </para>
/// </summary>
internal sealed class EtcdFollower(
    EtcdClient client, EtcdKeys keys, EtcdKnowledge knowledge, ClusteringOptions options, TimeProvider time, ILogger log)
{
    private readonly EtcdBackoff _backoff = new(options.Etcd.MaxBackoff);
    private volatile bool _isListed;
    private int _failures;

    private EtcdRangeRequest Newest => new(keys.First, keys.End, Limit: 1, KeysOnly: true, SortOrder: "DESCEND", SortTarget: "MOD");

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var began = knowledge.Now;
            var endpoint = client.Endpoints.InOrder()[0];
            if (await EtcdLoops.GuardAsync(token => FollowAsync(endpoint, token), log, stop) is { } error)
            {
                if (error.Kind == EtcdErrorKind.Unreachable)
                    client.Endpoints.Failed(endpoint);
                // A watch that moves to the next endpoint is no outage; one that finds no endpoint is.
                if (++_failures > client.Endpoints.Count || error.Kind != EtcdErrorKind.Unreachable)
                    knowledge.Trouble(EtcdLoop.Follower, error);
            }

            if (knowledge.Now - began > options.Etcd.MaxBackoff)
                _backoff.Reset();
            await Task.Delay(_backoff.Next(), time, stop);
        }
    }

    /// <summary>Follows by one endpoint as long as that works; the error that ended it, or null when only a new listing is needed.</summary>
    private async Task<EtcdError?> FollowAsync(Uri endpoint, CancellationToken stop)
    {
        // 1. Where to begin.
        if (!_isListed)
        {
            var listed = await client.RangeAsync(new EtcdRangeRequest(keys.First, keys.End), endpoint, stop);
            if (!listed.TryGet(out var listing, out var error))
                return error;
            knowledge.Answered();
            knowledge.Take(listing);
            _isListed = true;
        }

        // 2. From there on, every change.
        var opened = await client.WatchAsync(keys.First, keys.End, knowledge.Cluster.Revision + 1, endpoint, stop);
        if (!opened.TryGet(out var watch, out var refused))
            return refused;
        using (watch)
        {
            // 3. A watch from a revision that this etcd has not reached waits in silence, be it behind or another one.
            // So it is asked at once, and opened anew where it does not answer: later, a new etcd may have counted that far.
            if ((await AskAsync(endpoint, isSilent: false, stop)).Error is { } cannot)
                return cannot;
            if (!_isListed)
                return null;
            _failures = 0;
            knowledge.Well(EtcdLoop.Follower);
            return await ReadAsync(watch, stop);
        }
    }

    private async Task<EtcdError?> ReadAsync(EtcdWatch watch, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            // A question goes on beside the reading: what the watch tells meanwhile must not wait for it.
            Task<EtcdWatchRead>? reading = null;
            Task<Word>? asking = null;
            while (_isListed)
            {
                reading ??= watch.ReadAsync(options.Etcd.WatchSilence, end.Token);
                if (asking is not null && await Task.WhenAny(reading, asking) == asking)
                {
                    var word = await asking;
                    asking = null;
                    if (word.Error is null)
                        knowledge.Well(EtcdLoop.Follower);
                    else if (!word.IsNobodys)
                        return word.Error;
                    else
                        knowledge.Trouble(EtcdLoop.Follower, word.Error);
                    continue;
                }

                var read = await reading;
                reading = null;
                switch (read.News)
                {
                    case EtcdWatchNews.Events or EtcdWatchNews.Progress:
                        knowledge.Apply((cluster, isSettled) => cluster.WithEvents(read.Events ?? [], read.Revision, isSettled));
                        break;
                    case EtcdWatchNews.Silence:
                        asking ??= AskAsync(watch.Endpoint, isSilent: true, end.Token);
                        break;
                    case EtcdWatchNews.Compacted:
                        _isListed = false;
                        break;
                    default:
                        return read.Error;
                }
            }

            return null;
        }
        finally
        {
            await end.CancelAsync();
        }
    }

    /// <summary>Asks whether etcd still tells the same history, and after a silence also whether anything was missed.</summary>
    private async Task<Word> AskAsync(Uri endpoint, bool isSilent, CancellationToken stop)
    {
        var before = knowledge.Cluster;
        var answered = await client.RangeAsync(Newest, endpoint, stop);
        if (!answered.TryGet(out var answer, out var error))
            return new Word(error, error.Kind == EtcdErrorKind.Unreachable && !await IsAnyBetterAsync(endpoint, stop));
        knowledge.Answered();
        // A change that is on its way right now looks missed too; listing once more than needed is harmless.
        if (before.IsOtherHistory(answer.Header)
            || (isSilent && knowledge.Cluster.HasMissed(answer.Count, answer.KeyValues.FirstOrDefault()?.ModRevision ?? 0)))
            _isListed = false;
        return new Word(null, false);
    }

    private async Task<bool> IsAnyBetterAsync(Uri endpoint, CancellationToken stop)
    {
        var others = client.Endpoints.InOrder().Where(other => other != endpoint);
        var words = await Task.WhenAll(others.Select(other => client.RangeAsync(Newest, other, stop)));
        return words.Any(static word => word.Error is not { Kind: EtcdErrorKind.Unreachable });
    }

    /// <summary>What an endpoint had to say to a question.</summary>
    /// <param name="Error">Why it did not answer.</param>
    /// <param name="IsNobodys">Whether no other endpoint did either.</param>
    private readonly record struct Word(EtcdError? Error, bool IsNobodys);
}
