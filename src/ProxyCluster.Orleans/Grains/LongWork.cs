namespace ProxyCluster.Orleans.Grains;

/// <summary>
/// One task for all who ask for the same thing at once, outside of the grain's scheduler: a grain runs one turn at a
/// time, and verifying a zip is a long turn. Waiting for it happens inside, interleaved. Touched by the grain's turns
/// alone, hence without a lock.
/// </summary>
internal sealed class LongWork<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, Task<OwnerWord>> _running = [];

    /// <summary>Waits for the work on the key, starting it if nobody has; null when it outlasts the patience.</summary>
    public async Task<OwnerWord?> WaitAsync(TKey key, Func<Task<OwnerWord>> work, TimeSpan patience, TimeProvider time)
    {
        if (!_running.TryGetValue(key, out var task))
            _running[key] = task = Task.Run(work);
        try
        {
            // What is done is forgotten: where it is stored, the next asker finds it; a failure is asked for anew.
            return await task.WaitAsync(patience, time);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            return null;
        }
        finally
        {
            if (task.IsCompleted && _running.TryGetValue(key, out var known) && known == task)
                _running.Remove(key);
        }
    }
}
