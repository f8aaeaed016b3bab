using Microsoft.Extensions.Options;

namespace ProxyCluster.Storage;

/// <summary>
/// Takes the data directory when the host starts and gives it back when the host has stopped. First of the hosted
/// services, so that nobody writes before the lock is held. One that is mounted read-only is served as it is: there is
/// nothing to take, for nobody here can change it.
/// </summary>
internal sealed partial class DataDirectory(DataTree tree, IOptions<StorageOptions> options, ILogger<DataDirectory> logger)
    : IHostedLifecycleService, IDisposable
{
    private DataDirectoryLock? _lock;

    public Task StartingAsync(CancellationToken cancel)
    {
        if (!options.Value.IsUsed)
            return Task.CompletedTask;

        try
        {
            _lock = DataDirectoryLock.Take(tree);
            tree.Prepare();
            tree.EmptyTemporary();
        }
        catch (IOException e) when (StoreException.IsReadOnly(e) && Directory.Exists(tree.Modules))
        {
            tree.CheckFormat();
            tree.IsReadOnly = true;
            Log.ReadOnly(logger, tree.Root);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancel) => Task.CompletedTask;

    public void Dispose() => _lock?.Dispose();

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The data directory {Directory} is read-only: what is stored is served, and nothing new is kept")]
        public static partial void ReadOnly(ILogger logger, string directory);
    }
}
