namespace ProxyCluster.Queries;

/// <summary>What to do with what is known about a query.</summary>
internal enum Freshness
{
    /// <summary>Give the answer, whatever another attempt met meanwhile.</summary>
    Fresh,

    /// <summary>Give the answer and fetch a new one in the background (stale-while-revalidate, RFC 5861 §3).</summary>
    Revalidate,

    /// <summary>Give the answer, upstream having failed a moment ago (stale-if-error, RFC 5861 §4).</summary>
    StaleAfterError,

    /// <summary>Give the remembered failure: proven absence, or an outage of a moment ago.</summary>
    Failed,

    /// <summary>Ask upstream and wait.</summary>
    Ask,
}

/// <summary>The decision, as a pure function of what is known, the clock and the options.</summary>
internal static class QueryFreshness
{
    public static Freshness Decide(QueryState state, DateTimeOffset now, QueryOptions options)
    {
        var age = state.Answer is { } answer ? now - answer.AskedAt : TimeSpan.MaxValue;
        if (Within(age, options.FreshFor))
            return Freshness.Fresh;

        if (state.Failure is { } failure)
        {
            // A failure newer than the answer: within its pause nobody asks again.
            var pause = failure.IsProvenAbsence ? options.NegativeFor : options.RetryPause;
            if (Within(now - state.FailedAt, pause))
                return UsableDespiteError(state, now, options) ? Freshness.StaleAfterError : Freshness.Failed;

            return Freshness.Ask;
        }

        return Within(age, options.FreshFor + options.StaleWhileRevalidate) ? Freshness.Revalidate : Freshness.Ask;
    }

    /// <summary>
    /// May the old answer stand in for one that could not be fetched? For one that upstream took back, only while it may
    /// be a replica that has not heard of it.
    /// </summary>
    public static bool UsableDespiteError(QueryState state, DateTimeOffset now, QueryOptions options) =>
        state.Answer is { } answer
        && Within(now - answer.AskedAt, state.Failure is { IsProvenAbsence: true } ? options.BridgeFor : options.StaleIfError);

    // A clock that stepped back makes ages negative: treat those as old, so that an answer from "the future" is asked for
    // again instead of staying fresh for as long as the step was.
    private static bool Within(TimeSpan age, TimeSpan limit) => age >= TimeSpan.Zero && age < limit;
}
