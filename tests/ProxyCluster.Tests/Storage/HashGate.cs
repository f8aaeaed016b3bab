using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

/// <summary>Hashes once a test lets it.</summary>
internal sealed class HashGate
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;

    public Task Entered => _entered.Task;

    public int Calls => _calls;

    public void Open() => _open.TrySetResult();

    public async ValueTask<Digest> HashAsync(SafeFileHandle file, CancellationToken cancel)
    {
        Interlocked.Increment(ref _calls);
        _entered.TrySetResult();
        await _open.Task.WaitAsync(cancel);
        return await DiskFile.HashAsync(file, cancel);
    }
}
