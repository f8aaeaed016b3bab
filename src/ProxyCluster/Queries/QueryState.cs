using ProxyCluster.Outcomes;

namespace ProxyCluster.Queries;

/// <summary>
/// All that is known about a query: an immutable snapshot, replaced whole. The last answer outlives failures and proven
/// absence, because a lagging upstream replica may have forgotten what another one told us.
/// </summary>
/// <param name="Answer">The last answer, or null when there never was one.</param>
/// <param name="Failure">What the last attempt met, or null when it succeeded.</param>
/// <param name="FailedAt">When that was, UTC.</param>
internal sealed record QueryState(QueryAnswer? Answer, Failure? Failure, DateTimeOffset FailedAt)
{
    /// <summary>Nothing known.</summary>
    public static QueryState Empty { get; } = new(null, null, default);

    /// <summary>Bytes that it costs to keep.</summary>
    public long Weight => 512 + (Answer?.Body.Length ?? 0);
}
