namespace ProxyCluster.Clustering.Etcd;

/// <summary>Keeps the engine's loops running: a member whose loop died of a bug would stay cut off until its restart.</summary>
internal static partial class EtcdLoops
{
    /// <summary>Runs one step; an exception that is not our own stop is logged and becomes an error.</summary>
    public static async Task<EtcdError?> GuardAsync(
        Func<CancellationToken, Task<EtcdError?>> step, ILogger log, CancellationToken stop)
    {
        try
        {
            return await step(stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            Log.Failed(log, e);
            return new EtcdError(EtcdErrorKind.Rejected, $"the engine failed: {e.Message}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A step of the etcd engine failed")]
        public static partial void Failed(ILogger log, Exception e);
    }
}
