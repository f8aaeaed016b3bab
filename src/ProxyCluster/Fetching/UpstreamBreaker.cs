using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Fetching;

/// <summary>The live circuit breaker of one upstream: holds the state, says each change once.</summary>
internal sealed partial class UpstreamBreaker(
    string upstream, UpstreamsOptions options, TimeProvider time, ProxyMetrics metrics, ILogger logger)
{
    // Guards _state. Nothing is awaited and nothing is logged inside.
    private readonly Lock _lock = new();
    private BreakerState _state = new(BreakerPosition.Closed, TimeSpan.Zero, TimeSpan.Zero);
    private readonly long _origin = time.GetTimestamp();

    /// <summary>The time by which the breaker goes.</summary>
    public TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>The state, with its times as the wall clock would have shown them.</summary>
    public UpstreamStatus Status
    {
        get
        {
            var (state, started) = (State, time.GetUtcNow() - Now);
            return new UpstreamStatus(
                upstream, state.Position, started + state.Since, state.ConsecutiveFailures, state.LastFailure, started + state.LastFailureTime,
                state.Position is BreakerPosition.Open ? started + state.ProbeAt : null);
        }
    }

    private BreakerState State
    {
        get
        {
            lock (_lock)
                return _state;
        }
    }

    /// <summary>
    /// Lets a request through, or gives the failure that stands for it. Whoever is let through says how it went, by
    /// <see cref="Alive"/>, <see cref="Failed"/> or <see cref="Abandoned"/>.
    /// </summary>
    public Failure? RefusalOrNull(out bool isProbe)
    {
        (BreakerState Next, bool IsProbe, TimeSpan? Refusal) answer = default;
        Change((state, now) => (answer = BreakerRules.Ask(state, now)).Next);
        isProbe = answer.IsProbe;
        return answer.Refusal is not { } wait ? null : new Failure(
            FailureKind.UpstreamUnavailable,
            $"{upstream} is not asked for the moment, after failing repeatedly ({State.LastFailure})",
            wait);
    }

    /// <summary>The upstream gave a sign of life.</summary>
    public void Alive() => Change(BreakerRules.Alive);

    /// <summary>A request, all its tries together, met an outage.</summary>
    public void Failed(FailedRequest request) => Change((state, now) => BreakerRules.Failed(state, request, now, options));

    /// <summary>The caller left before there was anything to learn.</summary>
    public void Abandoned(bool isProbe) => Change((state, _) => BreakerRules.Abandoned(state, isProbe));

    private void Change(Func<BreakerState, TimeSpan, BreakerState> next)
    {
        BreakerState before, after;
        lock (_lock)
        {
            before = _state;
            _state = after = next(before, Now);
        }

        if (before.Position == after.Position)
            return;

        metrics.BreakerTransitions.Add(1, new("upstream", upstream), new("state", Word(after.Position)));
        if (after.Position is BreakerPosition.Open)
            Log.Opened(logger, upstream, after.ConsecutiveFailures, after.ProbeAt - after.Since, after.LastFailure);
        else if (after.Position is BreakerPosition.HalfOpen)
            Log.HalfOpened(logger, upstream);
        else
            Log.Closed(logger, upstream, after.Since - before.Since);
    }

    /// <summary>The position as metrics and status write it.</summary>
    internal static string Word(BreakerPosition position) => position switch
    {
        BreakerPosition.Closed => "closed",
        BreakerPosition.Open => "open",
        _ => "half-open",
    };

    /// <summary>The position as a gauge shows it: the higher, the worse.</summary>
    internal static int Figure(BreakerPosition position) => position switch
    {
        BreakerPosition.Closed => 0,
        BreakerPosition.HalfOpen => 1,
        _ => 2,
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Circuit breaker of {Upstream} opened after {Failures} failures in a row, next probe in {Pause}: {LastFailure}")]
        public static partial void Opened(ILogger logger, string upstream, int failures, TimeSpan pause, string? lastFailure);

        [LoggerMessage(LogLevel.Information, "Circuit breaker of {Upstream} let a probe through")]
        public static partial void HalfOpened(ILogger logger, string upstream);

        [LoggerMessage(LogLevel.Information, "Circuit breaker of {Upstream} closed, {Probing} after the probe began")]
        public static partial void Closed(ILogger logger, string upstream, TimeSpan probing);
    }
}
