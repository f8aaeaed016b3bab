namespace ProxyCluster.Outcomes;

/// <summary>What becomes of an outcome that nobody waits for any more.</summary>
internal static class UnwantedOutcome
{
    /// <summary>Closes what the work opens after all, whenever it ends, and looks at what it throws; never fails itself.</summary>
    public static async Task DisposeResultAsync<T>(this Task<Outcome<T>> work)
        where T : notnull
    {
        await work.ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
        if (work.IsCompletedSuccessfully && work.Result.TryGet(out var value, out _))
            (value as IDisposable)?.Dispose();
    }
}
