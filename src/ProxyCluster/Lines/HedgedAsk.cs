using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Lines;

/// <summary>What a failure says about asking on.</summary>
internal enum NextStep
{
    /// <summary>It is the answer; asking others would only repeat the work.</summary>
    Stop,

    /// <summary>Another peer may do better.</summary>
    NextPeer,

    /// <summary>The peer could not reach what this silo may still reach by itself.</summary>
    Self,
}

/// <summary>
/// Asks the steps of an <see cref="AskPath"/> until one answers.
/// <para>
/// A step that fails hands over at once. When none of the steps under way has given a sign of life for the hedge delay,
/// the next one starts beside them, and whoever answers first wins; the losers are cancelled. A peer that is working
/// sends heartbeats, so only a frozen or unreachable one is hedged, and a slow upstream is still asked once. A sign of life
/// in any call counts for all calls to the same peer (<see cref="Pulse"/>): a call that has to wait for its turn on a busy
/// machine is no dead peer. And who oversleeps has not listened (<see cref="HedgePatience"/>).
/// </para>
/// <para>
/// A step that throws has failed like any other: a bug or a disk in one of them must not end what the others can bring.
/// </para>
/// </summary>
internal sealed partial class HedgedAsk(Pulse pulse, IOptions<PeerOptions> options, TimeProvider clock, ILogger<HedgedAsk> logger)
{
    // In hedge delays: how long a call may be silent while its peer talks in others.
    private const int Forbearance = 8;

    /// <summary>
    /// Sorts failures (design rules 3 and 4): proven absence and refused bytes are shared, outages are not. What cannot be
    /// sorted is shared: to fetch in spite of it would be to guess that it was no refusal.
    /// </summary>
    public static NextStep After(FailureKind kind) => kind switch
    {
        FailureKind.PeerUnavailable or FailureKind.StoreUnavailable or FailureKind.Overloaded
            or FailureKind.LoopDetected or FailureKind.LoginUnavailable => NextStep.NextPeer,
        FailureKind.UpstreamUnavailable or FailureKind.UpstreamTimeout
            or FailureKind.ChecksumDatabaseUnavailable => NextStep.Self,
        _ => NextStep.Stop,
    };

    /// <summary>Runs the steps; when all fail, the failure that says most is the answer.</summary>
    /// <param name="steps">Where to ask, best first; at least one.</param>
    /// <param name="ask">Asks one step; calls the action at every sign of life.</param>
    /// <param name="cancel">Ends everything.</param>
    public async Task<Outcome<T>> RunAsync<T>(
        ImmutableArray<AskStep> steps, Func<AskStep, Action, CancellationToken, Task<Outcome<T>>> ask, CancellationToken cancel)
        where T : notnull
    {
        var hedgeDelay = options.Value.HedgeDelay;
        using var losers = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = new List<Attempt<T>>();
        var next = 0;
        Failure? failure = null;
        var patience = new HedgePatience(hedgeDelay);
        try
        {
            while (true)
            {
                if (running.Count == 0 && next == steps.Length)
                    return failure!;

                // The youngest sign of any of them: those that fell silent do not count against one that lives.
                var silence = running.Count == 0 ? patience.Limit : running.Min(attempt => pulse.SilenceOf(attempt.Step.Peer, attempt.LastSign, hedgeDelay * Forbearance));
                if (next < steps.Length && (running.Count == 0 || patience.IsOver(silence)))
                {
                    // Nobody is asked on behalf of nobody: others could not see that whoever waits here has left. And those that
                    // were asked are silent, so nobody who comes later shall wait for them: it ends, and is begun anew for him.
                    if (!Asking.Current.IsWanted)
                    {
                        Asking.Current.LetGo();
                        return failure ?? new(FailureKind.Overloaded, "whoever asked for it has left");
                    }

                    running.Add(Attempt<T>.Start(steps[next++], AskOrFailAsync, clock, losers.Token));
                    patience = new HedgePatience(hedgeDelay);
                    continue;
                }

                // Wait for an answer, but no longer than until the silence would be too long.
                Task answer = running.Count == 1 ? running[0].Outcome : Task.WhenAny(running.Select(static attempt => attempt.Outcome));
                var planned = next < steps.Length ? patience.Limit - silence : Timeout.InfiniteTimeSpan;
                var from = clock.GetTimestamp();
                await answer.WaitAsync(planned, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancel.ThrowIfCancellationRequested();
                if (running.Find(static attempt => attempt.Outcome.IsCompleted)?.Outcome is not { } done)
                {
                    patience.Waited(planned, clock.GetElapsedTime(from));
                    continue;
                }

                running.RemoveAll(attempt => attempt.Outcome == done);
                var outcome = await done;
                if (outcome.Failure is not { } met)
                    return outcome;

                failure = MostTelling(failure, met);
                var after = After(met.Kind);
                if (after == NextStep.Stop)
                    return outcome;
                if (after == NextStep.Self && next < steps.Length)
                {
                    next = steps.Length;
                    running.Add(Attempt<T>.Start(steps[^1], AskOrFailAsync, clock, losers.Token));
                }
            }
        }
        finally
        {
            await losers.CancelAsync();
            foreach (var loser in running)
                _ = loser.Outcome.DisposeResultAsync(); // one that answers after all must not keep its connection
        }

        async Task<Outcome<T>> AskOrFailAsync(AskStep step, Action alive, CancellationToken stop)
        {
            try
            {
                return await ask(step, alive, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                return Thrown(step, e);
            }
        }
    }

    // What was thrown is for our log alone. Our own work can only be thrown out of its course by this process or its disk.
    private Failure Thrown(AskStep step, Exception e)
    {
        var who = step.Peer?.Id ?? (step.IsEngine ? "the engine" : "this silo");
        Log.Threw(logger, who, e);
        return new(
            step.Peer is null && !step.IsEngine ? FailureKind.StoreUnavailable : FailureKind.PeerUnavailable,
            $"asking {who} failed unexpectedly; the silo's log says why");
    }

    // "No peer could be used" says less than what a peer or this silo itself met while it worked; later says it better.
    private static Failure MostTelling(Failure? before, Failure met) =>
        before is null || met.Kind != FailureKind.PeerUnavailable || before.Kind == FailureKind.PeerUnavailable ? met : before;

    private sealed class Attempt<T>(TimeProvider clock)
        where T : notnull
    {
        private long _lastSign = clock.GetTimestamp();

        /// <summary>Timestamp of the last sign of life, its start included.</summary>
        public long LastSign => Volatile.Read(ref _lastSign);

        public required AskStep Step { get; init; }

        public required Task<Outcome<T>> Outcome { get; init; }

        public static Attempt<T> Start(
            AskStep step,
            Func<AskStep, Action, CancellationToken, Task<Outcome<T>>> ask,
            TimeProvider clock,
            CancellationToken cancel)
        {
            Attempt<T>? attempt = null;
            attempt = new Attempt<T>(clock) { Step = step, Outcome = ask(step, () => attempt?.Sign(), cancel) };
            return attempt;
        }

        private void Sign() => Volatile.Write(ref _lastSign, clock.GetTimestamp());
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Asking {Who} failed with an exception, and the next was asked")]
        public static partial void Threw(ILogger logger, string who, Exception exception);
    }
}
