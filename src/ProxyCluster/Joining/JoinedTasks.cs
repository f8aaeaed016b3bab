using System.Collections.Concurrent;

namespace ProxyCluster.Joining;

/// <summary>
/// Lets concurrent askers of one thing share one task.
/// <para>
/// The work runs under the node's lifetime, never under an asker's token: a client that leaves cancels its wait, and the
/// others get their answer; who waits goes with the work (<see cref="Asking"/>), so that it need not wait its turn for nobody.
/// A finished task is forgotten at once; what it stored is found by looking there, so the work
/// itself must look again first, because an asker may arrive just after the previous task ended.
/// <paramref name="onJoined"/> is told of every asker that found a task under way.
/// </para>
/// </summary>
internal sealed class JoinedTasks<TKey, TResult>(CancellationToken lifetime, Action<TKey>? onJoined = null)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Running> _running = new();

    /// <summary>Tasks running now.</summary>
    public int Count => _running.Count;

    /// <summary>
    /// Waits for the task of <paramref name="key"/>, starting <paramref name="work"/> if there is none.
    /// <paramref name="cancel"/> ends the wait only.
    /// </summary>
    public async Task<TResult> RunAsync(TKey key, Func<TKey, CancellationToken, Task<TResult>> work, CancellationToken cancel)
    {
        // The Lazy makes the loser of a race share the winner's task instead of starting a second one.
        var asking = new JoinedAsking();
        var mine = new Running(asking, new(() => RunAndForgetAsync(key, work, asking)));
        var shared = _running.GetOrAdd(key, mine);
        if (!ReferenceEquals(shared, mine))
            onJoined?.Invoke(key);

        var waiter = Asking.Current;
        shared.Asking.Add(waiter);
        try
        {
            return await shared.Task.Value.WaitAsync(cancel);
        }
        finally
        {
            shared.Asking.Remove(waiter);
        }
    }

    /// <summary>Completes when what is running has ended, in whatever way; for an owner that has just ended its lifetime.</summary>
    public async Task EndedAsync()
    {
        foreach (var running in _running.Values)
            await ((Task)running.Task.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<TResult> RunAndForgetAsync(TKey key, Func<TKey, CancellationToken, Task<TResult>> work, JoinedAsking asking)
    {
        // Away from the first asker's stack: its synchronous part must not run inside the Lazy.
        await Task.Yield();
        try
        {
            return await asking.RunAsync(() => work(key, lifetime));
        }
        finally
        {
            _running.TryRemove(key, out _);
        }
    }

    private sealed record Running(JoinedAsking Asking, Lazy<Task<TResult>> Task);
}
