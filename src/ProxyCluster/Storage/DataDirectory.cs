using Microsoft.Extensions.Options;

namespace ProxyCluster.Storage;

/// <summary>
/// Takes the data directory when the host starts and gives it back when the host has stopped. First of the hosted
/// services, so that nobody writes before the lock is held.
/// </summary>
internal sealed class DataDirectory(DataTree tree, IOptions<StorageOptions> options) : IHostedLifecycleService, IDisposable
{
    private DataDirectoryLock? _lock;

    public Task StartingAsync(CancellationToken cancel)
    {
        if (!options.Value.IsUsed)
            return Task.CompletedTask;

        _lock = DataDirectoryLock.Take(tree);
        tree.Prepare();
        tree.EmptyTemporary();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancel) => Task.CompletedTask;

    public void Dispose() => _lock?.Dispose();
}
