using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Ownership;

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
/// A step that fails hands over at once. A step that gives no sign of life for the hedge delay gets the next one beside
/// it, and whoever answers first wins; the losers are cancelled. A peer that is working sends heartbeats, so only a
/// frozen or unreachable one is hedged, and a slow upstream is still asked once.
/// </para>
/// </summary>
internal static class HedgedAsk
{
    /// <summary>Sorts failures (design rules 3 and 4): proven absence and refused bytes are shared, outages are not.</summary>
    public static NextStep After(FailureKind kind) => kind switch
    {
        FailureKind.NotFound or FailureKind.Gone or FailureKind.Blocked or FailureKind.NotSupported
            or FailureKind.BadRequest or FailureKind.NotCached or FailureKind.UpstreamInvalid or FailureKind.ChecksumMismatch
            or FailureKind.ChecksumDatabaseInvalid or FailureKind.ChecksumUnknown => NextStep.Stop,
        FailureKind.PeerUnavailable or FailureKind.StoreUnavailable or FailureKind.Overloaded
            or FailureKind.LoopDetected => NextStep.NextPeer,
        _ => NextStep.Self,
    };

    /// <summary>Runs the steps; the last one's failure is the answer when all fail.</summary>
    /// <param name="steps">Where to ask, best first; at least one.</param>
    /// <param name="ask">Asks one step; calls the action at every sign of life.</param>
    /// <param name="hedgeDelay">Silence after which the next step starts.</param>
    /// <param name="clock">Measures it.</param>
    /// <param name="cancel">Ends everything.</param>
    public static async Task<Outcome<T>> RunAsync<T>(
        ImmutableArray<AskStep> steps,
        Func<AskStep, Action, CancellationToken, Task<Outcome<T>>> ask,
        TimeSpan hedgeDelay,
        TimeProvider clock,
        CancellationToken cancel)
        where T : notnull
    {
        using var losers = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = new List<Task<Outcome<T>>>();
        var next = 0;
        var lastSign = new StrongBox(0);
        Failure? failure = null;
        try
        {
            while (true)
            {
                if (running.Count == 0 && next == steps.Length)
                    return failure!;

                if (running.Count == 0)
                    Start();

                var silence = clock.GetElapsedTime(Volatile.Read(ref lastSign.Timestamp));
                if (next < steps.Length && silence >= hedgeDelay)
                {
                    Start();
                    continue;
                }

                // Wait for an answer, but no longer than until the silence would be too long.
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                var any = Task.WhenAny(running);
                if (next < steps.Length)
                {
                    var wait = Task.Delay(hedgeDelay - silence, clock, patience.Token);
                    if (await Task.WhenAny(any, wait) == wait)
                    {
                        await wait;
                        continue;
                    }

                    await patience.CancelAsync();
                }

                var done = await any.WaitAsync(cancel);
                running.Remove(done);
                var outcome = await done;
                if (outcome.Failure is not { } met)
                    return outcome;

                failure = met;
                switch (After(met.Kind))
                {
                    case NextStep.Stop:
                        return outcome;
                    case NextStep.Self when next < steps.Length:
                        next = steps.Length - 1;
                        Start();
                        break;
                    case NextStep.NextPeer when next < steps.Length && running.Count == 0:
                        Start();
                        break;
                }
            }
        }
        finally
        {
            await losers.CancelAsync();
            foreach (var loser in running)
                _ = DisposeResultAsync(loser);
        }

        void Start()
        {
            Volatile.Write(ref lastSign.Timestamp, clock.GetTimestamp());
            running.Add(ask(steps[next++], () => Volatile.Write(ref lastSign.Timestamp, clock.GetTimestamp()), losers.Token));
        }
    }

    // A loser that answers after all must not keep its connection.
    private static async Task DisposeResultAsync<T>(Task<Outcome<T>> loser)
        where T : notnull
    {
        await loser.ContinueWith(static _ => { }, TaskScheduler.Default);
        if (loser.IsCompletedSuccessfully && loser.Result.TryGet(out var value, out _))
            (value as IDisposable)?.Dispose();
    }

    private sealed class StrongBox(long timestamp)
    {
        public long Timestamp = timestamp;
    }
}
