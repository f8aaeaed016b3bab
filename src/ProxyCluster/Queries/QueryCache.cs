using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;
using ProxyCluster.Walk;

namespace ProxyCluster.Queries;

/// <summary>An answer and whether it is older than it should be.</summary>
internal readonly record struct GivenAnswer(QueryAnswer Answer, AnswerAge Age);

/// <summary>How an answer came about, as <c>X-Cache</c> says it.</summary>
internal enum AnswerAge
{
    /// <summary>Known and fresh.</summary>
    Hit,

    /// <summary>Upstream was asked.</summary>
    Miss,

    /// <summary>Known and old: upstream is being asked, or could not be.</summary>
    Stale,
}

/// <summary>
/// The short-lived answers to mutable questions.
/// <para>
/// One upstream request at a time per query, however many clients ask. What is known is an immutable
/// <see cref="QueryState"/>; <see cref="QueryFreshness"/> decides from it, the clock and the options, and
/// <see cref="QueryMerge"/> keeps it from going backwards. Answers survive restarts on disk, so an upstream that is down
/// when we come up costs nobody a build; failures are kept in memory only.
/// </para>
/// </summary>
internal sealed partial class QueryCache : IDisposable, IAsyncDisposable
{
    private readonly QueryOwner _owner;
    private readonly QueryDisk _disk;
    private readonly QueryOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<QueryCache> _logger;
    private readonly MemoryCache _states;
    private readonly CancellationTokenSource _stop;
    private readonly JoinedTasks<(Query Query, bool AsOwner), QueryState> _asking;

    public QueryCache(
        QueryOwner owner,
        QueryDisk disk,
        IOptions<QueryOptions> options,
        IHostApplicationLifetime lifetime,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<QueryCache> logger)
    {
        _owner = owner;
        _disk = disk;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _states = new MemoryCache(new MemoryCacheOptions { SizeLimit = _options.MemoryBytes });
        _stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopped);
        _asking = new(_stop.Token);
    }

    /// <summary>The answer of a key if it is fresh, or null. Hot path: does not allocate or parse.</summary>
    public QueryAnswer? FindFreshOrNull(ReadOnlySpan<char> key)
    {
        if (!_states.TryGetValue(key, out var state)
            || state is not QueryState known
            || QueryFreshness.Decide(known, _clock.GetUtcNow(), _options) != Freshness.Fresh)
            return null;

        Count(Query.LabelOf(key), AnswerAge.Hit);
        return known.Answer;
    }

    /// <summary>
    /// Answers a query: from what is known where that is good enough, otherwise from upstream. With
    /// <paramref name="cachedOnly"/> nobody is asked; with <paramref name="asOwner"/> no other member is.
    /// </summary>
    public async ValueTask<Outcome<GivenAnswer>> AskAsync(
        Query query, bool cachedOnly, CancellationToken cancel, bool asOwner = false)
    {
        var outcome = await FindOrAskAsync(query, cachedOnly, asOwner, cancel);
        if (outcome.TryGet(out var given, out _))
            Count(query.Label, given.Age);
        return outcome;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _states.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, and waits for the end of work that writes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _asking.EndedAsync();
        Dispose();
    }

    private async ValueTask<Outcome<GivenAnswer>> FindOrAskAsync(
        Query query, bool cachedOnly, bool asOwner, CancellationToken cancel)
    {
        var state = Known(query);
        switch (QueryFreshness.Decide(state, _clock.GetUtcNow(), _options))
        {
            case Freshness.Fresh:
                return new GivenAnswer(state.Answer!, AnswerAge.Hit);

            case Freshness.Revalidate:
                if (!cachedOnly)
                    _ = RefreshAsync(query, asOwner, CancellationToken.None);
                return new GivenAnswer(state.Answer!, AnswerAge.Stale);

            case Freshness.StaleAfterError:
                return new GivenAnswer(state.Answer!, AnswerAge.Stale);

            // Who asks for what is here is not told of an outage that kept us from asking others.
            case Freshness.Failed when !cachedOnly || state.Failure!.IsProvenAbsence:
                return state.Failure!;
        }

        if (cachedOnly)
        {
            return QueryFreshness.UsableDespiteError(state, _clock.GetUtcNow(), _options)
                ? new GivenAnswer(state.Answer!, AnswerAge.Stale)
                : new Failure(FailureKind.NotCached, $"{query} is not in the cache");
        }

        var refreshed = await RefreshAsync(query, asOwner, cancel);
        if (refreshed.Failure is not { } failure)
            return new GivenAnswer(refreshed.Answer!, AnswerAge.Miss);

        return QueryFreshness.UsableDespiteError(refreshed, _clock.GetUtcNow(), _options)
            ? new GivenAnswer(refreshed.Answer!, AnswerAge.Stale)
            : failure;
    }

    private void Count(string label, AnswerAge age) => _metrics.QueryAnswers.Add(1, new("query", label), new("freshness", age switch
    {
        AnswerAge.Hit => "fresh",
        AnswerAge.Miss => "fetched",
        _ => "stale",
    }));

    private QueryState Known(Query query)
    {
        var key = query.Key;
        if (_states.TryGetValue(key, out var known) && known is QueryState state)
            return state;

        if (_disk.ReadOrNull(query) is not { } answer)
            return QueryState.Empty;

        return Remember(key, new QueryState(answer, null, default));
    }

    // At the owner, its own clients and the other members wait for the same answer of upstream.
    private Task<QueryState> RefreshAsync(Query query, bool asOwner, CancellationToken cancel) =>
        _asking.RunAsync((query, asOwner || _owner.IsHere(query)), RefreshAsync, cancel);

    private async Task<QueryState> RefreshAsync((Query Query, bool AsOwner) asked, CancellationToken cancel)
    {
        var query = asked.Query;

        // 1. Somebody may have refreshed it between our look and this task.
        var known = Known(query);
        if (QueryFreshness.Decide(known, _clock.GetUtcNow(), _options) is Freshness.Fresh or Freshness.StaleAfterError
            or Freshness.Failed)
            return known;

        // 2. Ask; "not modified" comes back as the known body.
        var outcome = await _owner.AskAsync(query, known.Answer, asked.AsOwner, cancel);
        var now = _clock.GetUtcNow();

        // 3. Failure: the old answer stays beside it.
        if (!outcome.TryGet(out var fresh, out var failure))
        {
            if (known.Answer is not null && known.Failure is null)
                Log.RefreshFailed(_logger, query.Path.Value, query.Name, failure.ToString());
            return Remember(query.Key, known with { Failure = failure, FailedAt = now });
        }

        // 4. Success: never backwards, then to memory and disk.
        var answer = fresh with { Body = QueryMerge.Merge(query, known.Answer, fresh.Body) };
        _disk.Write(query, answer);
        return Remember(query.Key, new QueryState(answer, null, default));
    }

    private QueryState Remember(string key, QueryState state) =>
        _states.Set(key, state, new MemoryCacheEntryOptions { Size = state.Weight });

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Refresh of {Module} {Query} failed, the old answer stays in use: {Failure}")]
        public static partial void RefreshFailed(ILogger logger, string module, string query, string failure);
    }
}
