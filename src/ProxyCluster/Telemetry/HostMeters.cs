using System.Collections.Frozen;
using System.Diagnostics.Metrics;

namespace ProxyCluster.Telemetry;

/// <summary>
/// What of a process belongs to one host: our own instruments, Kestrel's connections, its silo, and the runtime
/// (collections, heap, threads). Several hosts may share a process, so of what carries a meter factory's mark it is that of
/// the host's own; the runtime carries none. Left out are the web host's per-request instruments: they would count each
/// request a second time, and slower than we do.
/// </summary>
internal static class HostMeters
{
    /// <summary>Orleans' meter.</summary>
    public const string Silo = "Microsoft.Orleans";

    /// <summary>The meters' names.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [ProxyMetrics.MeterName, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", Silo];

    /// <summary>
    /// Of the silo's 86 instruments, those by which a sick silo is told from a well one: calls that were late or lost,
    /// grains that come and go, the directory's size, probes that were missed, lines that broke. The others count single
    /// steps inside of Orleans, for those who work on it; the page would be twice as long for figures that nobody reads.
    /// </summary>
    public static FrozenSet<string> OfSilo { get; } = FrozenSet.ToFrozenSet(
        [
            "orleans-app-requests-latency",
            "orleans-app-requests-timedout",
            "orleans-app-requests-canceled",
            "orleans-catalog-activations",
            "orleans-catalog-activation-created",
            "orleans-catalog-activation-destroyed",
            "orleans-catalog-activation-failed-to-activate",
            "orleans-catalog-activation-latency",
            "orleans-grains",
            "orleans-directory-partition-size",
            "orleans-directory-cache-size",
            "orleans-messaging-pings-reply-missed",
            "orleans-messaging-expired",
            "orleans-messaging-rejected",
            "orleans-messaging-rerouted",
            "orleans-messaging-sent-dropped",
            "orleans-messaging-sent-failed",
            "orleans-networking-sockets-opened",
            "orleans-networking-sockets-closed",
            "orleans-scheduler-long-running-turns",
            "orleans-watchdog-health-checks-failed",
        ],
        StringComparer.Ordinal);

    /// <summary>Whether the instrument measures the host with these meters.</summary>
    public static bool Has(Instrument instrument, IMeterFactory meters) =>
        Names.Contains(instrument.Meter.Name)
        && (instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, meters))
        && (instrument.Meter.Name != Silo || OfSilo.Contains(instrument.Name));
}
