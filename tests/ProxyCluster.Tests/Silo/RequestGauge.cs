using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Silo;

/// <summary>Follows how many requests a silo is answering, so that a test can wait for a number instead of for a time.</summary>
internal sealed class RequestGauge : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly List<(int Count, TaskCompletionSource Signal)> _waiters = [];
    private int _active;

    public RequestGauge(IServiceProvider silo)
    {
        var instrument = silo.GetRequiredService<ProxyMetrics>().ActiveRequests;
        _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Changed((int)change));
        _listener.EnableMeasurementEvents(instrument);
    }

    /// <summary>Completes as soon as exactly so many are being answered.</summary>
    public Task Reached(int count)
    {
        lock (_lock)
        {
            if (_active == count)
                return Task.CompletedTask;
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, signal));
            return signal.Task;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Changed(int change)
    {
        lock (_lock)
        {
            _active += change;
            foreach (var waiter in _waiters.Where(waiter => waiter.Count == _active).ToList())
            {
                _waiters.Remove(waiter);
                waiter.Signal.SetResult();
            }
        }
    }
}
