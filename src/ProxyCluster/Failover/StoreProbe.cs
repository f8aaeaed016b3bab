using Microsoft.Extensions.Options;
using ProxyCluster.Storage;

namespace ProxyCluster.Failover;

/// <summary>
/// Asks the store whether it works, and never waits longer than it may: a store that hangs is a failing store, and the
/// thread that hangs in it is the only one.
/// </summary>
internal sealed class StoreProbe
{
    private readonly Func<(long Free, long Total)> _probe;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _clock;

    // Guards the running probe.
    private readonly Lock _lock = new();
    private Running? _running;

    private sealed record Running(Task<StoreHealth> Task, long Started);

    public StoreProbe(DiskStore store, DataTree tree, IOptions<FailoverOptions> options, TimeProvider clock)
        : this(() => Probe(store, tree), options.Value.StoreProbeTimeout, clock)
    {
    }

    /// <summary>A probe of something else; it throws when that does not work, and gives the room otherwise.</summary>
    internal StoreProbe(Func<(long Free, long Total)> probe, TimeSpan limit, TimeProvider clock)
    {
        _probe = probe;
        _limit = limit;
        _clock = clock;
    }

    /// <summary>How the store does, within the limit. A probe that still hangs is not joined by a second one.</summary>
    public async Task<StoreHealth> AskAsync(CancellationToken cancel)
    {
        var running = Start();
        try
        {
            return await running.Task.WaitAsync(_limit, _clock, cancel);
        }
        catch (TimeoutException)
        {
            var since = _clock.GetElapsedTime(running.Started);
            return new StoreHealth(false, since.TotalMilliseconds, "the store does not answer", 0, 0);
        }
    }

    private Running Start()
    {
        lock (_lock)
        {
            if (_running is { Task.IsCompleted: false } still)
                return still;
            var started = _clock.GetTimestamp();

            // A thread of its own: a disk that hangs must not take one from the pool that serves requests.
            return _running = new Running(
                Task.Factory.StartNew(() => Run(started), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), started);
        }
    }

    private StoreHealth Run(long started)
    {
        try
        {
            var (free, total) = _probe();
            return new StoreHealth(true, _clock.GetElapsedTime(started).TotalMilliseconds, null, free, total);
        }
        catch (Exception e)
        {
            // Whatever a store throws, it does not work.
            return new StoreHealth(false, _clock.GetElapsedTime(started).TotalMilliseconds, e.Message, 0, 0);
        }
    }

    private static (long Free, long Total) Probe(DiskStore store, DataTree tree)
    {
        store.Probe();
        var disk = new DriveInfo(tree.Root);
        return (disk.AvailableFreeSpace, disk.TotalSize);
    }
}
