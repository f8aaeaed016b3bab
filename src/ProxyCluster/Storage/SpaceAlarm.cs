using System.Threading.Channels;

namespace ProxyCluster.Storage;

/// <summary>Wakes the <see cref="Eviction"/> loop: the store grew past its cap, or the disk took no more.</summary>
internal sealed class SpaceAlarm
{
    private readonly Channel<bool> _rings = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private int _diskFull;

    /// <summary>Asks for a look soon. Any number of rings before it make one.</summary>
    public void Ring() => _rings.Writer.TryWrite(true);

    /// <summary>The disk is full.</summary>
    public void DiskFull()
    {
        Volatile.Write(ref _diskFull, 1);
        Ring();
    }

    /// <summary>Was <see cref="DiskFull"/> called since the last look?</summary>
    public bool TakeDiskFull() => Interlocked.Exchange(ref _diskFull, 0) == 1;

    /// <summary>Completes at the next ring.</summary>
    public async ValueTask RungAsync(CancellationToken cancel) => await _rings.Reader.ReadAsync(cancel);
}
