using System.Collections.Concurrent;
using System.Threading.Channels;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>
/// Hands copies of what was committed here to those who are to have one, in the background.
/// <para>
/// A copy stays owed until it arrived. A failed attempt waits by itself, longer each time, so that neither one who is away
/// nor one artifact that fails again and again holds up anybody else's; where the target knows another who may have it,
/// he gets it after some attempts. Names wait, not bytes: those are read from the disk when their turn comes, and what the
/// disk does not hold any more by then is fetched again by whoever asks. What is owed is bounded, and survives a crash
/// (<see cref="OwedNotes"/>). A process that is told to stop hands out first what it can, if its target has patience for
/// that: what waited for its pause is tried at once, and the first refusal ends the trying.
/// </para>
/// That a destination fails is logged when it begins and when it ends; how far it is behind is a metric.
/// </summary>
internal sealed partial class CopyQueue<TTarget> : HostedLoop
    where TTarget : ICopyTarget
{
    private readonly TTarget _target;
    private readonly OwedNotes _notes;
    private readonly Channel<Attempt> _due = Channel.CreateUnbounded<Attempt>();
    private readonly ConcurrentDictionary<(ModuleVersion, ArtifactKind, string), OwedCopy> _owed = new();
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Attempt(OwedCopy Copy, int Number, TimeSpan Pause);

    public CopyQueue(TTarget target, DataTree tree, DiskStore store, TimeProvider clock, ILoggerFactory loggers)
        : base(clock, loggers.CreateLogger<CopyQueue<TTarget>>())
    {
        _target = target;
        _notes = new OwedNotes(target.Notes, tree, store, loggers.CreateLogger<OwedNotes>());
        target.Observe(() => _owed.Values);
    }

    /// <inheritdoc/>
    public override string Name => typeof(TTarget).Name;

    /// <summary>Copies not yet handed out.</summary>
    public int Waiting => _owed.Count;

    protected override IEnumerable<Turn> Strands =>
        _target.Parallel == 0 ? [] : Enumerable.Repeat<Turn>(HandOutNextAsync, _target.Parallel).Prepend(RecallAsync);

    /// <inheritdoc/>
    /// <exception cref="StoreException">The target can never be used as it is set.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await _target.CheckAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_target.StopPatience is var patience && patience > TimeSpan.Zero && ExecuteTask is { IsCompleted: false })
        {
            await _ending.CancelAsync();
            EndWhenEmpty();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(_ended.Task, Task.Delay(patience, Clock, limit.Token));
            await limit.CancelAsync();
        }

        await base.StopAsync(cancellationToken);
    }

    /// <summary>Owes copies of an artifact that was just committed.</summary>
    public void Owe(ModuleRecord record, ArtifactKind kind)
    {
        foreach (var copy in CopiesOf(record, kind))
            Owe(copy, isNoted: false);
    }

    /// <summary>The same for what this silo fetched: where the target wants it, one attempt is made before this returns.</summary>
    public async ValueTask OweAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        foreach (var copy in CopiesOf(record, kind))
        {
            if (_target.AtOnceWithin is var limit && limit == TimeSpan.Zero)
            {
                Owe(copy, isNoted: false);
                continue;
            }

            // Noted first: a process that dies from here on leaves the copy to the next one.
            var isNew = TryOwe(copy, isNoted: false);
            var isSettled = false;
            try
            {
                isSettled = await TryInTimeAsync(copy, limit, cancel);
            }
            finally
            {
                // Also where the one who asked has left.
                if (isNew && !isSettled)
                    Due(new Attempt(copy, 1, _target.FirstPause));
            }
        }
    }

    public override void Dispose()
    {
        _ending.Dispose();
        base.Dispose();
    }

    private IEnumerable<OwedCopy> CopiesOf(ModuleRecord record, ArtifactKind kind) => record.ArtifactOrNull(kind) is { } stored
        ? _target.OwedTo(record, kind).Select(to => new OwedCopy(record.Module, kind, to, stored.Size, Clock.GetUtcNow()))
        : [];

    private Task<bool> RecallAsync(CancellationToken stop)
    {
        foreach (var copy in _notes.ReadAll())
            Owe(copy, isNoted: true);
        return Task.FromResult(false);
    }

    private void Owe(OwedCopy copy, bool isNoted)
    {
        if (TryOwe(copy, isNoted))
            Due(new Attempt(copy, 1, _target.FirstPause));
    }

    private bool TryOwe(OwedCopy copy, bool isNoted)
    {
        if (_owed.ContainsKey(copy.Key))
            return false;

        if (_owed.Count >= _target.MaxWaiting)
        {
            var dropped = _target.KeepsNewest && _owed.Values.MinBy(static owed => owed.Since) is { } oldest ? oldest : copy;
            Settle(dropped, "dropped");
            if (dropped == copy)
                return false;
        }

        if (!_owed.TryAdd(copy.Key, copy))
            return false;
        if (!isNoted)
            _notes.Write(copy);
        return true;
    }

    private void Settle(OwedCopy copy, string outcome)
    {
        _target.Count(copy, outcome);
        _notes.Delete(copy);
        _owed.TryRemove(copy.Key, out _);
        EndWhenEmpty();
    }

    private void EndWhenEmpty()
    {
        if (_ending.IsCancellationRequested && _owed.IsEmpty)
            _ended.TrySetResult();
    }

    private void Due(Attempt attempt) => _due.Writer.TryWrite(attempt);

    private async Task<bool> HandOutNextAsync(CancellationToken stop)
    {
        var attempt = await _due.Reader.ReadAsync(stop);
        try
        {
            // What was dropped, or settled while it waited, is nobody's business any more.
            if (_owed.TryGetValue(attempt.Copy.Key, out var owed) && owed == attempt.Copy)
                await HandOutAsync(attempt, stop);
            return true;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // A bug's doing, and the copy is owed still.
            _ = AgainAsync(attempt, stop);
            throw;
        }
    }

    private async Task HandOutAsync(Attempt attempt, CancellationToken stop)
    {
        var copy = attempt.Copy;
        var handOut = await _target.TryAsync(copy, attempt.Number, stop);
        NoteHealth(copy.To, handOut);
        if (handOut.Outcome is { } outcome)
        {
            Settle(copy, outcome);
            return;
        }

        if (_ending.IsCancellationRequested)
            _ended.TrySetResult();
        if (attempt.Number % _target.Attempts == 0
            && _target.SubstituteOrNull(copy, to => _owed.ContainsKey((copy with { To = to }).Key)) is { } next)
        {
            Log.Moved(Logger, copy.Module.Path.Value, copy.Module.Version, copy.To, attempt.Number, next, handOut.Why);
            Owe(copy with { To = next }, isNoted: false);
            Settle(copy, "moved");
            return;
        }

        _target.Count(copy, "retried");
        _ = AgainAsync(attempt, stop);
    }

    private async Task AgainAsync(Attempt attempt, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _ending.Token);
        await Task.Delay(attempt.Pause, Clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // In a process that has stopped nobody reads it, and the next one goes on with it.
        var longer = attempt.Pause * 2;
        Due(new Attempt(attempt.Copy, attempt.Number + 1, longer < _target.LongestPause ? longer : _target.LongestPause));
    }

    // What hangs may delay an answer, but not for all its attempts.
    private async Task<bool> TryInTimeAsync(OwedCopy copy, TimeSpan limit, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(limit, Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            if ((await _target.TryAsync(copy, 1, both.Token)).Outcome is not { } outcome)
                return false;
            Settle(copy, outcome);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private void NoteHealth(string to, HandOut handOut)
    {
        if (handOut.Outcome is null && _failing.TryAdd(to, true))
            Log.Failing(Logger, to, handOut.Why);
        else if (handOut.Outcome is not null && _failing.TryRemove(to, out _))
            Log.WellAgain(Logger, to);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Copies for {To} do not arrive and stay owed: {Reason}")]
        public static partial void Failing(ILogger logger, string to, string reason);

        [LoggerMessage(LogLevel.Information, "Copies for {To} arrive again")]
        public static partial void WellAgain(ILogger logger, string to);

        [LoggerMessage(LogLevel.Warning, "Copy of {Module}@{Version} for {To} failed {Attempts} times and goes to {Next} instead: {Reason}")]
        public static partial void Moved(
            ILogger logger, string module, string version, string to, int attempts, string next, string reason);
    }
}
