namespace ProxyCluster.Fetching;

/// <summary>
/// The circuit breaker as pure functions: closed, open after so many failures in a row, then half-open with one probe
/// at a time, each failed probe doubling the pause up to a bound.
/// <para>
/// What counts is evidence against the upstream, not against one thing that was asked for: a connection that cannot be
/// made, and a module more that is not answered. A module that the upstream itself has to find first may take minutes
/// while it answers everything else at once, so any number of failures of one module are one, and none counts that began
/// before the last sign of life.
/// </para>
/// </summary>
/// <remarks>
/// Polly's breaker was not taken: it opens on a failure ratio within a sampling window, and what operators were promised
/// is a count ("three timeouts in a row"), which a window cannot express for an upstream that is asked once a minute.
/// Its state is also not readable as one snapshot with the last failure and the time of the next probe, which readiness,
/// status and metrics show.
/// </remarks>
internal static class BreakerRules
{
    /// <summary>How long refused callers are asked to wait while a probe is under way.</summary>
    private static readonly TimeSpan WhileProbing = TimeSpan.FromSeconds(1);

    /// <summary>May a request go through now? If so <c>Refusal</c> is null, otherwise it is the time to wait.</summary>
    public static (BreakerState Next, bool IsProbe, TimeSpan? Refusal) Ask(BreakerState state, TimeSpan now) => state switch
    {
        { Position: BreakerPosition.Closed } => (state, false, null),
        { Position: BreakerPosition.Open } when now < state.ProbeAt => (state, false, state.ProbeAt - now),
        { Position: BreakerPosition.Open } =>
            (state with { Position = BreakerPosition.HalfOpen, Since = now, ProbeRunning = true }, true, null),
        { ProbeRunning: true } => (state, false, WhileProbing),
        _ => (state with { ProbeRunning = true }, true, null),
    };

    /// <summary>The upstream gave a sign of life.</summary>
    public static BreakerState Alive(BreakerState state, TimeSpan now) => new(
        BreakerPosition.Closed,
        state.Position is BreakerPosition.Closed ? state.Since : now,
        now,
        LastFailure: state.LastFailure,
        LastFailureTime: state.LastFailureTime);

    /// <summary>A request, all its tries together, met an outage.</summary>
    public static BreakerState Failed(BreakerState state, FailedRequest request, TimeSpan now, UpstreamsOptions options)
    {
        var silent = state.SilentModules ?? [];
        var failed = state with
        {
            ConsecutiveFailures = state.ConsecutiveFailures + 1,
            NoConnections = state.NoConnections + (request.HadNoConnection ? 1 : 0),
            SilentModules = request.HadNoConnection || request.Began < state.AliveAt || silent.Count >= options.BreakerThreshold
                ? silent
                : silent.Add(request.Module),
            LastFailure = request.Sentence,
            LastFailureTime = now,
        };

        // Requests that began before the breaker opened may fail long after: they neither open it again nor move the probe.
        var opens = state.Position switch
        {
            BreakerPosition.Closed => failed.NoConnections + failed.SilentModules.Count >= options.BreakerThreshold,
            BreakerPosition.HalfOpen => request.WasProbe,
            _ => false,
        };
        return !opens ? failed : failed with
        {
            Position = BreakerPosition.Open,
            Since = now,
            Openings = state.Openings + 1,
            ProbeAt = now + PauseOf(state.Openings + 1, options),
            ProbeRunning = false,
        };
    }

    /// <summary>A request ended without saying anything about the upstream: its caller left.</summary>
    public static BreakerState Abandoned(BreakerState state, bool isProbe) =>
        isProbe && state.Position is BreakerPosition.HalfOpen ? state with { ProbeRunning = false } : state;

    /// <summary>The pause after the given opening, the first being 1.</summary>
    public static TimeSpan PauseOf(int opening, UpstreamsOptions options) =>
        TimeSpan.FromTicks((long)Math.Min(options.MaxBreakerPause.Ticks, options.BreakerPause.Ticks * Math.Pow(2, opening - 1)));
}

/// <summary>A request that met an outage, as the breaker sees it.</summary>
/// <param name="Module">The module it was about.</param>
/// <param name="Began">When it was sent.</param>
/// <param name="HadNoConnection">Nothing was asked, because no connection could be made.</param>
/// <param name="WasProbe">It was let through to see whether the upstream is back.</param>
/// <param name="Sentence">What happened.</param>
internal readonly record struct FailedRequest(string Module, TimeSpan Began, bool HadNoConnection, bool WasProbe, string Sentence);
