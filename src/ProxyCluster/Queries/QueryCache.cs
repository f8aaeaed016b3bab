using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Queries;

/// <summary>What a client gets, and whether it is older than it should be.</summary>
/// <param name="Served">The body; null where the version that it names is refused.</param>
/// <param name="Age">How it came about.</param>
/// <param name="RefusedName">Why the version that the answer names is not given to whoever asks.</param>
internal readonly record struct GivenAnswer(ServedBody? Served, AnswerAge Age, Failure? RefusedName = null);

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
/// What is known about mutable questions, in memory and on disk.
/// <para>
/// A <see cref="QueryState"/> changes by a pure step from the newest one, one step after the other for each query: the lock
/// holds from the look until memory and disk have the result, so that neither ever goes back, in whatever order tasks
/// end. It is a lock and no compare-and-swap because the newest state may have left memory, and then is on disk. Who
/// finds a state in memory takes no lock.
/// </para>
/// <para>
/// Answers survive restarts on disk, so an upstream that is down when we come up costs nobody a build; failures are kept
/// in memory only.
/// </para>
/// </summary>
internal sealed class QueryCache(QueryDisk disk, IOptions<QueryOptions> options, ProxyMetrics metrics, TimeProvider clock)
{
    private readonly WeightedCache<QueryState> _states = new(options.Value.MemoryBytes);
    private readonly KeyedLock<string> _changing = new();

    /// <summary>
    /// The answer of a key if it is fresh and the gate of this version let it through to anybody, or null. Hot path: does
    /// not allocate or parse.
    /// </summary>
    public ServedBody? FindFreshOrNull(ReadOnlySpan<char> key, int gateVersion)
    {
        if (_states.FindOrNull(key) is not { Served: { } served } known
            || served.AcceptedBy != gateVersion
            || QueryFreshness.Decide(known, clock.GetUtcNow(), options.Value) != Freshness.Fresh)
            return null;

        Count(Query.LabelOf(key), AnswerAge.Hit);
        return served;
    }

    /// <summary>All that is known.</summary>
    public async ValueTask<QueryState> FindAsync(Query query, CancellationToken cancel)
    {
        var key = query.Key;
        return _states.FindOrNull(key) ?? await ChangeAsync(query, static known => known, cancel);
    }

    /// <summary>Replaces what is known by what the step makes of it, and gives the result.</summary>
    public async Task<QueryState> ChangeAsync(Query query, Func<QueryState, QueryState> step, CancellationToken cancel)
    {
        var key = query.Key;
        using var changing = await _changing.TakeAsync(key, cancel);

        // 1. The newest: memory's, or the disk's where memory has none.
        var held = _states.FindOrNull(key);
        var known = held ?? (disk.ReadOrNull(query) is { } answer ? new QueryState(answer, null, default) : QueryState.Empty);

        // 2. To memory, where nothing is worth no place, and then to disk: a slow one keeps nobody waiting who only looks.
        var next = step(known);
        if (!ReferenceEquals(next, held) && !ReferenceEquals(next, QueryState.Empty))
            _states.Set(key, next, next.Weight);
        if (next.Answer is { } news && !ReferenceEquals(news, known.Answer))
            disk.Write(query, news);
        else if (next.Answer is null && known.Answer is not null)
            disk.Remove(query);
        return next;
    }

    /// <summary>Counts an answer that is given.</summary>
    public void Count(string label, AnswerAge age) => metrics.QueryAnswers.Add(1, new("query", label), new("freshness", age switch
    {
        AnswerAge.Hit => "fresh",
        AnswerAge.Miss => "fetched",
        _ => "stale",
    }));
}
