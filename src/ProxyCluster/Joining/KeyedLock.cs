namespace ProxyCluster.Joining;

/// <summary>
/// A fixed number of locks chosen by hash: two holders of one key exclude each other, and two keys rarely do. For short
/// critical sections around the file system.
/// </summary>
internal sealed class KeyedLock<TKey> : IDisposable
    where TKey : notnull
{
    private readonly SemaphoreSlim[] _stripes = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Takes the key's lock; dispose the result to let go.</summary>
    public async ValueTask<Held> TakeAsync(TKey key, CancellationToken cancel)
    {
        var stripe = _stripes[(uint)key.GetHashCode() % (uint)_stripes.Length];
        await stripe.WaitAsync(cancel);
        return new Held(stripe);
    }

    public void Dispose()
    {
        foreach (var stripe in _stripes)
            stripe.Dispose();
    }

    internal readonly struct Held(SemaphoreSlim stripe) : IDisposable
    {
        public void Dispose() => stripe.Release();
    }
}
