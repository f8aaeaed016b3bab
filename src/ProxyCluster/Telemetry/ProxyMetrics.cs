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

    // Hits take microseconds, so the first bounds are far below those that OpenTelemetry advises for HTTP.
    private static readonly InstrumentAdvice<double> Latency = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    // Upstreams are a network away, and a large zip takes minutes.
    private static readonly InstrumentAdvice<double> SlowLatency = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    };

    public ProxyMetrics(IMeterFactory meters, TimeProvider? clock = null)
    {
        Traffic = new TrafficWindow(clock ?? TimeProvider.System);
        Clients = new ClientWindow(clock ?? TimeProvider.System);
        Troubled = new TroubledModules(clock ?? TimeProvider.System);
        Meter = meters.Create(MeterName);
        RequestDuration = Meter.CreateHistogram<double>("proxycluster.request.duration", "s",
            "Time from the request's headers to the end of its body; labels artifact, outcome, status", null, Latency);
        ActiveRequests = Meter.CreateUpDownCounter<long>("proxycluster.request.active", "{request}",
            "Requests being answered now");
        ServedBytes = Meter.CreateCounter<long>("proxycluster.served.bytes", "By", "Body bytes sent; label artifact");
        PeerFills = Meter.CreateCounter<long>("proxycluster.peer.fills", "{fill}",
            "Artifacts asked of other silos; labels region (the peer's), outcome (ok, aborted or the failure's cause)");
        Forwards = Meter.CreateCounter<long>("proxycluster.peer.forwards", "{request}",
            "Clients' requests passed on to a silo; labels region (the silo's), outcome (ok, retried or the failure's cause)");
        Replications = Meter.CreateCounter<long>("proxycluster.replication.copies", "{artifact}",
            "Copies handed to other regions; labels region (the target's), outcome (ok, retried, moved, dropped)");
        SharedReads = Meter.CreateCounter<long>("proxycluster.shared.reads", "{read}",
            "Artifacts looked for in the region's shared store; label outcome (found, absent, rejected, failed)");
        SharedWrites = Meter.CreateCounter<long>("proxycluster.shared.writes", "{artifact}",
            "Artifacts handed to the region's shared store; label outcome (ok, known, conflict, gone, retried, dropped)");
        StoreReads = Meter.CreateCounter<long>("proxycluster.store.reads", "{read}",
            "Artifacts found, by the tier that had them; labels artifact, tier (memory, disk, shared, peer, upstream)");
        UpstreamFetches = Meter.CreateCounter<long>("proxycluster.upstream.fetches", "{fetch}",
            "Requests sent upstream; labels upstream, artifact, outcome (ok or the failure's cause)");
        UpstreamDuration = Meter.CreateHistogram<double>("proxycluster.upstream.duration", "s",
            "Time from asking an upstream to the end of its answer; label upstream", null, SlowLatency);
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
        AccessRefusals = Meter.CreateCounter<long>("proxycluster.access.refusals", "{request}",
            "Requests of clients that may not read what they ask for, or are not who they say; labels reason, namespace");
        ChecksumLookups = Meter.CreateCounter<long>("proxycluster.checksum_database.lookups", "{lookup}",
            "Module versions looked up; labels database, outcome");
        SecurityEvents = Meter.CreateCounter<long>("proxycluster.security.events", "{event}",
            "Things that only an attack or a broken database explains; label event (fork, forged-tile, bad-signature, …)");
        Quarantined = Meter.CreateCounter<long>("proxycluster.store.quarantined", "{artifact}",
            "Stored artifacts that no longer matched their record and were set aside; label artifact");
        UpstreamRetries = Meter.CreateCounter<long>("proxycluster.upstream.retries", "{retry}",
            "Requests sent upstream again after a failure; labels upstream, cause");
        Evictions = Meter.CreateCounter<long>("proxycluster.store.evictions", "{artifact}",
            "Artifacts removed to stay under the size cap; label artifact");
        QueryAnswers = Meter.CreateCounter<long>("proxycluster.query.answers", "{answer}",
            "Answers to queries; labels query (list, latest, info), freshness (fresh, fetched, stale)");
        JoinedFetches = Meter.CreateCounter<long>("proxycluster.fetch.joined", "{request}",
            "Requests that waited for a fetch which another request had begun; label artifact");
        RegionTransitions = Meter.CreateCounter<long>("proxycluster.region.transitions", "{transition}",
            "Changes of a region's state, counted by the authority that made them; labels region, state (the new one)");
        EventDeliveries = Meter.CreateCounter<long>("proxycluster.failover.deliveries", "{event}",
            "Events handed to webhooks and the command; labels receiver, outcome (ok, retried, dropped)");
        AuditLines = Meter.CreateCounter<long>("proxycluster.audit.lines", "{line}", "Lines of the audit log that are on the disk");
        AuditLost = Meter.CreateCounter<long>("proxycluster.audit.lost", "{event}", "Events that are missing from the audit log: its queue was full");
        Meter.CreateObservableGauge("proxycluster.build.info", () => Build, null, "Always 1; labels version, commit, runtime");
    }

    /// <summary>
    /// Counts zero of what alerts watch, for each value of its label: a series that is born with its first event has not
    /// grown, as far as <c>increase()</c> can see. To be called when everybody listens.
    /// </summary>
    public void CountFromZero()
    {
        foreach (var artifact in (ReadOnlySpan<string>)["info", "mod", "zip"])
        {
            Conflicts.Add(0, new KeyValuePair<string, object?>("artifact", artifact));
            Quarantined.Add(0, new KeyValuePair<string, object?>("artifact", artifact));
        }

        AuditLost.Add(0);
        foreach (var name in SecurityEventNames)
            SecurityEvents.Add(0, new KeyValuePair<string, object?>("event", name));
    }

    /// <summary>Every value of the label of <see cref="SecurityEvents"/>.</summary>
    internal static readonly string[] SecurityEventNames =
    [
        "bad-signature", "forged-tile", "forged-record", "absent-line", "fork", "bad-stored-head", "peer", "replayed-call", "unsigned-call",
    ];

    private static readonly KeyValuePair<string, object?> DiskLimit = new("limit", "disk");
    private static readonly KeyValuePair<string, object?> CapLimit = new("limit", "cap");

    private static Measurement<int> Build { get; } = new(1,
        new("version", BuildInfo.Version),
        new("commit", BuildInfo.Commit ?? ""),
        new("runtime", Environment.Version.ToString()));

    /// <summary>The modules that trouble hits, for health reports.</summary>
    public TroubledModules Troubled { get; }

    /// <summary>The last seconds' figures, for health reports.</summary>
    public TrafficWindow Traffic { get; }

    /// <summary>The last minutes' figures of each client, for operators.</summary>
    public ClientWindow Clients { get; }

    public Meter Meter { get; }
    public Histogram<double> RequestDuration { get; }
    public UpDownCounter<long> ActiveRequests { get; }
    public Counter<long> ServedBytes { get; }
    public Counter<long> PeerFills { get; }
    public Counter<long> Forwards { get; }
    public Counter<long> Replications { get; }
    public Counter<long> SharedReads { get; }
    public Counter<long> SharedWrites { get; }
    public Counter<long> StoreReads { get; }
    public Counter<long> UpstreamFetches { get; }
    public Histogram<double> UpstreamDuration { get; }
    public Counter<long> FetchedBytes { get; }
    public Counter<long> BreakerTransitions { get; }
    public Counter<long> Commits { get; }
    public Counter<long> Rejections { get; }
    public Counter<long> Conflicts { get; }
    public Counter<long> Blocked { get; }
    public Counter<long> AccessRefusals { get; }
    public Counter<long> ChecksumLookups { get; }
    public Counter<long> SecurityEvents { get; }
    public Counter<long> Quarantined { get; }
    public Counter<long> UpstreamRetries { get; }
    public Counter<long> Evictions { get; }
    public Counter<long> QueryAnswers { get; }
    public Counter<long> JoinedFetches { get; }
    public Counter<long> RegionTransitions { get; }
    public Counter<long> EventDeliveries { get; }
    public Counter<long> AuditLines { get; }
    public Counter<long> AuditLost { get; }

    /// <summary>Reports how regions stand in this member's view; both with label region.</summary>
    public void ObserveRegions(Func<IEnumerable<Measurement<int>>> states, Func<IEnumerable<Measurement<int>>> shares, Func<long> epoch)
    {
        Meter.CreateObservableGauge("proxycluster.region.state", states, null,
            "State of a region: 0 active, 1 suspect, 2 failed, 3 recovering, 4 drained; label region");
        Meter.CreateObservableGauge("proxycluster.region.share", shares, "%", "Percent of its keys that a region owns; label region");
        Meter.CreateObservableGauge("proxycluster.routing.epoch", epoch, null, "Epoch of the routing table that this member acts on");
    }

    /// <summary>Reports which of the host's loops fail; label loop.</summary>
    public void ObserveLoops(Func<IEnumerable<Measurement<int>>> failing) => Meter.CreateObservableGauge(
        "proxycluster.loop.failing", failing, null, "Whether the last turn of a loop in the background failed: 0 or 1; label loop");

    /// <summary>Reports how many lines of the audit log wait for its database.</summary>
    public void ObserveAuditBacklog(Func<long> lines) => Meter.CreateObservableGauge(
        "proxycluster.audit.backlog", lines, "{line}", "Lines of the audit log that its database does not have yet");

    /// <summary>Reports how many advisories are in force, and seconds since a look for newer ones succeeded.</summary>
    public void ObserveAdvisories(Func<int> count, Func<double> age)
    {
        Meter.CreateObservableGauge("proxycluster.advisories", count, null, "Advisories in force, withdrawn ones among them");
        Meter.CreateObservableGauge("proxycluster.advisories.age", age, "s", "Time since a look for newer advisories succeeded; infinite before the first one");
    }

    /// <summary>Reports the breaker of every upstream: 0 closed, 1 half-open, 2 open; label upstream.</summary>
    public void ObserveBreakers(Func<IEnumerable<Measurement<int>>> states) =>
        Meter.CreateObservableGauge("proxycluster.upstream.breaker.state", states, null,
            "Circuit breaker: 0 closed, 1 half-open, 2 open; label upstream");

    /// <summary>Reports how many requests wait for an upstream's turn; label upstream.</summary>
    public void ObserveWaiting(Func<IEnumerable<Measurement<int>>> counts) =>
        Meter.CreateObservableGauge("proxycluster.upstream.waiting", counts, null, "Requests that wait for an upstream's turn; label upstream");

    /// <summary>Reports how far copies for other regions are behind; labels from, to.</summary>
    public void ObserveReplication(
        Func<IEnumerable<Measurement<long>>> objects,
        Func<IEnumerable<Measurement<long>>> bytes,
        Func<IEnumerable<Measurement<long>>> seconds)
    {
        Meter.CreateObservableGauge("proxycluster.replication.lag.objects", objects, "{artifact}", "Copies not yet handed over");
        Meter.CreateObservableGauge("proxycluster.replication.lag.bytes", bytes, "By", "Bytes in them");
        Meter.CreateObservableGauge("proxycluster.replication.lag.seconds", seconds, "s", "Age of the oldest of them");
    }

    /// <summary>Reports how far the region's shared store is behind this silo's disk.</summary>
    public void ObserveSharedWrites(Func<long> objects, Func<long> bytes, Func<long> seconds)
    {
        Meter.CreateObservableGauge("proxycluster.shared.lag.objects", objects, "{artifact}", "Artifacts not yet handed over");
        Meter.CreateObservableGauge("proxycluster.shared.lag.bytes", bytes, "By", "Bytes in them");
        Meter.CreateObservableGauge("proxycluster.shared.lag.seconds", seconds, "s", "Age of the oldest of them");
    }

    /// <summary>Reports what the store holds; label artifact.</summary>
    public void ObserveStore(Func<IEnumerable<Measurement<long>>> artifacts, Func<IEnumerable<Measurement<long>>> bytes)
    {
        Meter.CreateObservableUpDownCounter("proxycluster.store.artifacts", artifacts, "{artifact}", "Artifacts stored; label artifact");
        Meter.CreateObservableUpDownCounter("proxycluster.store.size", bytes, "By", "Bytes of artifacts stored; label artifact");
    }

    /// <summary>Reports how much room the store has left: on its file system, and below its cap where it has one.</summary>
    public void ObserveStoreHeadroom(Func<long> disk, Func<long?> cap) => Meter.CreateObservableGauge(
        "proxycluster.store.headroom",
        () => cap() is { } left
            ? [new Measurement<long>(disk(), DiskLimit), new Measurement<long>(left, CapLimit)]
            : new Measurement<long>[] { new(disk(), DiskLimit) },
        "By",
        "Bytes that the store may still take; label limit (disk, cap), negative while eviction is behind");

    /// <summary>Reports the bytes that the memory cache holds.</summary>
    public void ObserveMemoryCache(Func<long> bytes) =>
        Meter.CreateObservableUpDownCounter("proxycluster.store.memory", bytes, "By", "Bytes of artifacts held in memory");
}
