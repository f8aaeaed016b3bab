using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Grains;

/// <summary>
/// One task for all who ask for the same thing at once, outside of the grain's scheduler: a grain runs one turn at a
/// time, and verifying a zip is a long turn. Waiting for it happens inside, interleaved. Touched by the grain's turns
/// alone, hence without a lock.
/// <para>
/// Its end waits for askers who were told that it is under way, and come again at once. Whoever asks after two heartbeats
/// is another asker, and gets an answer of his own: what was absent then may be there, and a list may have grown.
/// </para>
/// </summary>
/// <param name="silence">
/// For how long an asker may not have come again before he counts as gone, which lets go of work that waits for its turn. As
/// long as an owner may be silent: an asker on a busy machine is late too, and what is let go is asked for elsewhere.
/// </param>
/// <param name="time">The clock.</param>
internal sealed class LongWork<TKey, TResult>(TimeSpan silence, TimeProvider time)
    where TKey : notnull
    where TResult : notnull
{
    private const int HeartbeatsKept = 2;

    private readonly Dictionary<TKey, Work> _works = [];

    /// <summary>Works that are under way, or whose ends wait to be fetched.</summary>
    public int Count => _works.Count;

    /// <summary>Works that have not ended.</summary>
    public int UnderWay => _works.Values.Count(static w => !w.Ended.IsCompleted);

    /// <summary>
    /// Waits for the work on the key, starting it if nobody has; null when it outlasts the heartbeat. The lanes are of those for
    /// whom it is asked, none where all of them have left.
    /// </summary>
    public async Task<Outcome<TResult>?> WaitAsync(TKey key, Func<Task<Outcome<TResult>>> start, TimeSpan heartbeat, IReadOnlyList<Lane>? lanes = null)
    {
        foreach (var (old, ended) in _works)
        {
            if (ended.IsOver(heartbeat * HeartbeatsKept))
                _works.Remove(old);
        }

        if (!_works.TryGetValue(key, out var work))
            _works[key] = work = new Work(silence, time);
        work.Asking.Note(lanes ?? [default]);
        work.Start(start);

        // A time-out says nothing that the task does not say better.
        await ((Task)work.Ended).WaitAsync(heartbeat, time)
            .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        if (!work.Ended.IsCompleted)
            return null;

        // What is done is forgotten: where it is stored, the next asker finds it; a failure is asked for anew.
        if (_works.TryGetValue(key, out var known) && known == work)
            _works.Remove(key);
        return await work.Ended;
    }

    private sealed class Work(TimeSpan patience, TimeProvider time)
    {
        private long _endedAt;

        public PolledAsking Asking { get; } = new(patience, time);

        public Task<Outcome<TResult>> Ended { get; private set; } = null!;

        public void Start(Func<Task<Outcome<TResult>>> work) => Ended ??= Task.Run(() => RunAsync(work));

        // The end's time is written before the task completes. That it was let go is no answer for the next asker.
        public bool IsOver(TimeSpan keptFor) => Ended.IsCompleted && (Asking.WasLetGo || time.GetElapsedTime(_endedAt) >= keptFor);

        private async Task<Outcome<TResult>> RunAsync(Func<Task<Outcome<TResult>>> work)
        {
            try
            {
                return await Asking.RunAsync(work);
            }
            finally
            {
                _endedAt = time.GetTimestamp();
            }
        }
    }
}
