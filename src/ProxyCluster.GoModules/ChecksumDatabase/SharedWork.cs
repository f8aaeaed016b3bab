using System.Collections.Concurrent;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// Lets concurrent askers for one key share one piece of work. The work runs under the owner's lifetime: an asker that
/// leaves cancels its wait, not the work that others wait for.
/// </summary>
internal sealed class SharedWork<TKey, TResult>(CancellationToken lifetime)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<Task<TResult>>> _running = new();

    public Task<TResult> JoinAsync(TKey key, Func<TKey, CancellationToken, Task<TResult>> work, CancellationToken cancellationToken)
    {
        // Lazy: of two racing factories only the one that won the dictionary is ever started.
        var task = _running.GetOrAdd(key, k => new Lazy<Task<TResult>>(() => RunAsync(k, work))).Value;
        return task.WaitAsync(cancellationToken);
    }

    /// <summary>Completes when what is running has ended, in whatever way.</summary>
    public async Task EndedAsync()
    {
        foreach (var task in _running.Values)
            await ((Task)task.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<TResult> RunAsync(TKey key, Func<TKey, CancellationToken, Task<TResult>> work)
    {
        // Yield first: work that ends at once must find its own entry in the dictionary to remove it.
        await Task.Yield();
        try
        {
            return await work(key, lifetime).ConfigureAwait(false);
        }
        finally
        {
            _running.TryRemove(key, out _);
        }
    }
}
