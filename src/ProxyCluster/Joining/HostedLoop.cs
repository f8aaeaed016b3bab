using System.Collections.Immutable;

namespace ProxyCluster.Joining;

/// <summary>
/// Work in turns, for as long as the host runs.
/// <para>
/// A turn that throws ends itself and nothing else: the loop rests for a moment and takes the next one. What a turn is
/// expected to meet it handles itself; the rest is somebody's bug, and neither a heartbeat nor a whole host may end of
/// it. It is not silent: the log has it once when the loop begins to fail, or to fail in another way, and once when a
/// turn succeeds again, and meanwhile <see cref="HostedLoops"/> show it.
/// </para>
/// Road not taken: the platform's setting to ignore what ends a service. The host goes on with it, the loop does not.
/// </summary>
internal abstract partial class HostedLoop(TimeProvider clock, ILogger logger) : BackgroundService
{
    /// <summary>Between a turn that failed and the next one.</summary>
    internal static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private ImmutableList<LoopTrouble> _troubles = [];

    /// <summary>For people: what kind of loop it is.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Why its last turn failed; null while it is well.</summary>
    public LoopTrouble? TroubleOrNull => _troubles.FirstOrDefault();

    protected TimeProvider Clock => clock;

    protected ILogger Logger => logger;

    /// <summary>What it does; most loops have one strand. They run side by side, and none waits for another.</summary>
    protected abstract IEnumerable<Turn> Strands { get; }

    /// <summary>One turn of a strand, with the wait for it. False when there is nothing left to do.</summary>
    protected delegate Task<bool> Turn(CancellationToken stop);

    /// <inheritdoc/>
    protected sealed override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Strands.Select(turn => RepeatAsync(turn, stoppingToken)));

    private async Task RepeatAsync(Turn turn, CancellationToken stop)
    {
        LoopTrouble? trouble = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!await turn(stop))
                    return;
                if (trouble is not null)
                {
                    Note(trouble, null);
                    trouble = null;
                    Log.WellAgain(logger, Name);
                }

                continue;
            }
            catch (Exception e) when (stop.IsCancellationRequested)
            {
                // The way it ends; what else is thrown then comes of things that are being taken apart.
                Log.Ended(logger, Name, e.Message);
            }
            catch (Exception e)
            {
                var next = new LoopTrouble(e.GetType(), clock.GetUtcNow());
                if (trouble?.Kind != next.Kind)
                {
                    Note(trouble, next);
                    trouble = next;
                    Log.Failed(logger, Name, e);
                }
            }

            await Task.Delay(Rest, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Note(LoopTrouble? before, LoopTrouble? now) => ImmutableInterlocked.Update(
        ref _troubles, troubles => (before is null ? troubles : troubles.Remove(before)).AddRange(now is null ? [] : [now]));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A turn of {Loop} failed; it goes on")]
        public static partial void Failed(ILogger logger, string loop, Exception e);

        [LoggerMessage(LogLevel.Debug, "{Loop} ended: {Reason}")]
        public static partial void Ended(ILogger logger, string loop, string reason);

        [LoggerMessage(LogLevel.Information, "{Loop} is well again")]
        public static partial void WellAgain(ILogger logger, string loop);
    }
}

/// <summary>Why a loop fails.</summary>
/// <param name="Kind">The exception's type; its message is in the log, and not for everybody.</param>
/// <param name="Since">Since when, UTC.</param>
internal sealed record LoopTrouble(Type Kind, DateTimeOffset Since);
