using System.Diagnostics.Metrics;

namespace ProxyCluster.Telemetry;

/// <summary>
/// Meters of a part of a host that has a container and a life of its own: they carry the host's mark
/// (<see cref="HostMeters"/>), and end with the part. In the host's own factory the instruments of every life of a silo
/// would stay, and its silo with them.
/// </summary>
internal sealed class LentMeters(IMeterFactory host) : IMeterFactory
{
    // Guards what was made.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Meter> _made = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        lock (_lock)
        {
            if (!_made.TryGetValue(options.Name, out var meter))
                _made[options.Name] = meter = new Meter(new MeterOptions(options.Name) { Version = options.Version, Tags = options.Tags, Scope = host });
            return meter;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var meter in _made.Values)
                meter.Dispose();
        }
    }
}
