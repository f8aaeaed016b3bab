using System.Diagnostics.Metrics;

namespace ProxyCluster.Telemetry;

/// <summary>
/// What of a process belongs to one host: our own instruments, Kestrel's connections, and the runtime (collections, heap,
/// threads). Several hosts may share a process, so of what carries a meter factory's mark it is that of the host's own; the
/// runtime carries none. Left out are the web host's per-request instruments: they would count each request a second time,
/// and slower than we do.
/// </summary>
internal static class HostMeters
{
    /// <summary>The meters' names.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [ProxyMetrics.MeterName, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    /// <summary>Whether the instrument measures the host with these meters.</summary>
    public static bool Has(Instrument instrument, IMeterFactory meters) =>
        Names.Contains(instrument.Meter.Name) && (instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, meters));
}
