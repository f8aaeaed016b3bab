using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;

namespace ProxyCluster.Queries;

/// <summary>
/// All that is known about a query: an immutable snapshot, replaced whole. The last answer outlives failures, and proven
/// absence for a while: a lagging upstream replica may not have heard yet of what another one told us.
/// <para>
/// Two tasks may be asking the same at once, as a client's silo and as the owner, and end in either order. So news is a
/// step from whatever is known by then, never from what its task began with: <see cref="Learn"/> and <see cref="Fail"/>.
/// </para>
/// </summary>
/// <param name="Answer">The last answer, or null when there never was one.</param>
/// <param name="Failure">What the last attempt met, or null when it succeeded.</param>
/// <param name="FailedAt">When that was, UTC.</param>
internal sealed record QueryState(QueryAnswer? Answer, Failure? Failure, DateTimeOffset FailedAt)
{
    // Itself, the answer, the failure, the served body and its tag, and the headers of their strings and bytes.
    private const int Fixed = 512;

    // An entry of a dictionary: the time, the reference, the table's own, and the header of the string.
    private const int FixedOfBridged = 96;

    /// <summary>Nothing known.</summary>
    public static QueryState Empty { get; } = new(null, null, default);

    /// <summary>What clients were given last of the answer; null where nobody has asked yet.</summary>
    public ServedBody? Served { get; init; }

    /// <summary>Where it was asked, by <see cref="PolicyRewrite.Place"/>; empty for the list of upstreams, null where that is not known any more.</summary>
    public string? Place { get; init; }

    /// <summary>
    /// What of it still says something where <paramref name="rewrite"/> is what is asked: what another place said, of versions or of absence, does not.
    /// A member may have heard its answer of one that had not heard of the policy.
    /// </summary>
    public QueryState At(PolicyRewrite? rewrite)
    {
        var place = rewrite?.Place ?? "";
        return (Place ?? place) == place && (rewrite is null || Answer is null || Answer.Upstream == rewrite.Upstream) ? this : Empty with { Place = place };
    }

    /// <summary>Bytes that it holds.</summary>
    public long Weight => Fixed
        + (Answer is null ? 0 : Answer.Body.Length + (2L * (Answer.Upstream.Length + (Answer.ETag?.Length ?? 0))))
        + (Answer?.Bridged?.Keys.Sum(static version => FixedOfBridged + (2L * version.Length)) ?? 0)
        + (Served is null || Served.Body == Answer?.Body ? 0 : Served.Body.Length)
        + (2L * (Failure?.Message.Length ?? 0));

    /// <summary>
    /// An attempt succeeded. What upstream confirmed last counts, whoever hears of it last; an answer from after now is of
    /// a clock that has been set back, and counts as old.
    /// </summary>
    public QueryState Learn(Query query, QueryAnswer told, DateTimeOffset now, TimeSpan bridgeFor)
    {
        var (before, newest) = Answer is null || told.AskedAt >= Answer.AskedAt || Answer.AskedAt > now ? (Answer, told) : (told, Answer);
        return new QueryState(QueryView.Newest(query, before, newest, bridgeFor), null, default) { Place = Place };
    }

    /// <summary>
    /// An attempt failed that began at <paramref name="began"/>. It says nothing where upstream has answered somebody else
    /// since; otherwise the old answer stays beside it, unless upstream has taken it back and nothing is bridged any more.
    /// </summary>
    public QueryState Fail(Failure failure, DateTimeOffset began, DateTimeOffset now, TimeSpan bridgeFor)
    {
        if (Answer is not null && Answer.AskedAt >= began && Answer.AskedAt <= now)
            return this;

        var isOver = failure.IsProvenAbsence && Answer is not null && (Answer.AskedAt > now || now - Answer.AskedAt >= bridgeFor);
        return isOver ? new QueryState(null, failure, now) { Place = Place } : this with { Failure = failure, FailedAt = now };
    }
}
