using System.Diagnostics.Metrics;

namespace ProxyCluster.Telemetry;

/// <summary>
/// Every instrument of the product, in one place. Names follow OpenTelemetry (dots, lower case, unit apart). Labels have
/// few values by design: never a module path, a version or a client.
/// </summary>
internal sealed class ProxyMetrics
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string MeterName = "ProxyCluster";

    public ProxyMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterName);
        RequestDuration = Meter.CreateHistogram<double>("proxycluster.request.duration", "s",
            "Time from the request's headers to the end of its body; labels artifact, outcome, status");
        ActiveRequests = Meter.CreateUpDownCounter<long>("proxycluster.request.active", "{request}",
            "Requests being answered now");
        ServedBytes = Meter.CreateCounter<long>("proxycluster.served.bytes", "By", "Body bytes sent; label artifact");
        StoreReads = Meter.CreateCounter<long>("proxycluster.store.reads", "{read}",
            "Artifacts found, by the tier that had them; labels artifact, tier (memory, disk, shared, peer, upstream)");
        UpstreamFetches = Meter.CreateCounter<long>("proxycluster.upstream.fetches", "{fetch}",
            "Requests sent upstream; labels upstream, artifact, outcome (ok or the failure's cause)");
        UpstreamDuration = Meter.CreateHistogram<double>("proxycluster.upstream.duration", "s",
            "Time from asking an upstream to the end of its answer; label upstream");
        FetchedBytes = Meter.CreateCounter<long>("proxycluster.fetched.bytes", "By", "Body bytes read from upstreams; label upstream");
        BreakerTransitions = Meter.CreateCounter<long>("proxycluster.upstream.breaker.transitions", "{transition}",
            "Circuit breaker changes; labels upstream, state (closed, open, half-open)");
        Commits = Meter.CreateCounter<long>("proxycluster.store.commits", "{artifact}",
            "Artifacts committed to the store; label artifact");
        Rejections = Meter.CreateCounter<long>("proxycluster.integrity.rejections", "{artifact}",
            "Fetched bytes that were refused; labels artifact, cause");
        Conflicts = Meter.CreateCounter<long>("proxycluster.integrity.conflicts", "{artifact}",
            "Fetches that hash differently from what is stored; label artifact");
        Blocked = Meter.CreateCounter<long>("proxycluster.request.blocked", "{request}", "Requests refused by policy");
        ChecksumLookups = Meter.CreateCounter<long>("proxycluster.checksum_database.lookups", "{lookup}",
            "Module versions looked up; labels database, outcome");
        SecurityEvents = Meter.CreateCounter<long>("proxycluster.security.events", "{event}",
            "Things that only an attack or a broken database explains; label event (fork, forged-tile, bad-signature, …)");
        Quarantined = Meter.CreateCounter<long>("proxycluster.store.quarantined", "{artifact}",
            "Stored artifacts that no longer matched their record and were set aside; label artifact");
    }

    public Meter Meter { get; }
    public Histogram<double> RequestDuration { get; }
    public UpDownCounter<long> ActiveRequests { get; }
    public Counter<long> ServedBytes { get; }
    public Counter<long> StoreReads { get; }
    public Counter<long> UpstreamFetches { get; }
    public Histogram<double> UpstreamDuration { get; }
    public Counter<long> FetchedBytes { get; }
    public Counter<long> BreakerTransitions { get; }
    public Counter<long> Commits { get; }
    public Counter<long> Rejections { get; }
    public Counter<long> Conflicts { get; }
    public Counter<long> Blocked { get; }
    public Counter<long> ChecksumLookups { get; }
    public Counter<long> SecurityEvents { get; }
    public Counter<long> Quarantined { get; }
}
