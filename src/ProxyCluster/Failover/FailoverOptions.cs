using System.ComponentModel.DataAnnotations;
using ProxyCluster.Configuration;
using ProxyCluster.Failover.DnsUpdates;

namespace ProxyCluster.Failover;

/// <summary>What a symptom leads to once it has lasted for its time.</summary>
internal enum TriggerAction
{
    /// <summary>Nothing.</summary>
    Ignore,

    /// <summary>An event for people.</summary>
    Alert,

    /// <summary>The region is taken out of service.</summary>
    Fail,
}

/// <summary>When a region counts as failed and when as well again. Section <c>Failover</c>.</summary>
internal sealed class FailoverOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Failover";

    /// <summary>
    /// Time between two health reports of a member. Default 1 s. Less of it detects sooner and brings each new routing table
    /// sooner, with the answer, for more calls to the authority.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two looks of the authority when no report arrives. Default 100 ms, and part of every detection.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan Tick { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Silence of a silo after which its region may become suspect. Default 1.5 s, one missed report.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan SuspectAfter { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// Silence of most of a region's silos after which it has failed. Default 2.5 s, two missed reports, so that the new
    /// routing table is out within 3 s of a region's death. More of it forgives longer pauses of whole regions.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan FailedAfter { get; set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// Pause of the authority itself after which it forgets how long it has heard nothing and listens afresh. Default
    /// 1 s: reports that waited in its sockets while it stood still are no silence of others.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan PauseTolerance { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time for a store's probe; a store that takes longer is failing. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan StoreProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time for which the stores of most of a region's silos must fail. Default 2 s, two failed probes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan StoreFailedAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What failing stores lead to. Default <c>fail</c>.</summary>
    public TriggerAction StoreAction { get; set; } = TriggerAction.Fail;

    /// <summary>Part of a region's requests that fail for reasons of its own, from which on it is ill. Default 0.2.</summary>
    [Range(0.001, 1.0)]
    public double ErrorRate { get; set; } = 0.2;

    /// <summary>Time for which it must last. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan ErrorsFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests within the window below which rates of a region say nothing. Default 20.</summary>
    [Range(1, 1_000_000)]
    public int MinRequests { get; set; } = 20;

    /// <summary>
    /// What a high error rate leads to. Default <c>fail</c>; an alert in any case where every other region shows it too,
    /// because moving traffic would not help.
    /// </summary>
    public TriggerAction ErrorAction { get; set; } = TriggerAction.Fail;

    /// <summary>Part of a region's upstream requests that meet an outage, from which on it is ill. Default 0.5.</summary>
    [Range(0.001, 1.0)]
    public double FetchFailureRate { get; set; } = 0.5;

    /// <summary>Time for which it must last. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan FetchFailuresFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Upstream requests within the window below which their failures say nothing. Default 10.</summary>
    [Range(1, 1_000_000)]
    public int MinFetches { get; set; } = 10;

    /// <summary>What many failing fetches lead to. Default <c>fail</c>, with the same exception as <see cref="ErrorAction"/>.</summary>
    public TriggerAction FetchAction { get; set; } = TriggerAction.Fail;

    /// <summary>
    /// Part of a region's queries (lists, <c>@latest</c>, branches) that come to nothing because something is away, here or
    /// upstream, from which on it is ill. Default 0.5. What is answered from an older answer has not failed.
    /// </summary>
    [Range(0.001, 1.0)]
    public double QueryFailureRate { get; set; } = 0.5;

    /// <summary>Time for which it must last. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan QueryFailuresFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Queries within the window below which their failures say nothing. Default 10.</summary>
    [Range(1, 1_000_000)]
    public int MinQueries { get; set; } = 10;

    /// <summary>
    /// What many failing queries lead to. Default <c>alert</c>, because the upstream that is away is often the same for every
    /// region; with <c>fail</c> the same exception as <see cref="ErrorAction"/>.
    /// </summary>
    public TriggerAction QueryAction { get; set; } = TriggerAction.Alert;

    /// <summary>Hit ratio, over <see cref="HitRatioFor"/>, below which a region is looked at, when upstream failures rise as well. Default 0.7.</summary>
    [Range(0.0, 1.0)]
    public double HitRatio { get; set; } = 0.7;

    /// <summary>Time over which it is measured. Default 5 min. More of it overlooks short dips.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan HitRatioFor { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Requests within that time below which the ratio says nothing: a region at night is no ill one. Default 300.</summary>
    [Range(1, 1_000_000_000)]
    public int MinHitRequests { get; set; } = 300;

    /// <summary>
    /// By how much the part of failing upstream requests must have risen, from as long a time before. Default 0.05; 0 has the hit
    /// ratio alone count, and a cold cache with it.
    /// </summary>
    [Range(0.0, 1.0)]
    public double FetchFailureRise { get; set; } = 0.05;

    /// <summary>
    /// What both together lead to. Default <c>alert</c>: a cold cache is no illness. With <c>fail</c> the same exception as
    /// <see cref="ErrorAction"/>; whoever asks for much that nobody has lowers the ratio of the region that he asks.
    /// </summary>
    public TriggerAction HitRatioAction { get; set; } = TriggerAction.Alert;

    /// <summary>Time without its cause after which an alert is over. Default 1 min. More of it alerts less often.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan AlertHold { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time without a symptom after which a suspect region is active again. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SuspectHold { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Least time for which a region stays failed. Default 10 s; doubled with each further failure in a row up to
    /// <see cref="MaxFailedHold"/>. More of it keeps a region that comes and goes away from clients for longer.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan FailedHold { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Bound of the doubling. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan MaxFailedHold { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time without a symptom, within the hold, before a failed region begins to recover. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan RecoverAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Percent of its keys that a recovering region owns, step by step before all of them. Default <c>10,30</c>. More
    /// steps are gentler to a cold store.
    /// </summary>
    public List<int> RecoveryShares { get; set; } = [10, 30];

    /// <summary>Time without a symptom that each of the steps lasts. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan RecoveryStep { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time in service that ends a row of failures. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "7.00:00:00")]
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Time in service, after it was out of it, for which a region's owners ask other regions for what they lack before
    /// they ask upstream; and the time for which this is done for the keys of a silo that is gone. Default 1 h. More of it
    /// saves upstream fetches, for a round trip to another region per miss.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "30.00:00:00")]
    public TimeSpan CatchUpFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// For a region, the others in the order in which its traffic moves, such as <c>frankfurt,sanjose</c>. Default none:
    /// by measured round trips.
    /// </summary>
    public Dictionary<string, string> Order { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Time between two measurements of the round trips to other regions. Default 15 s; 0 turns them off.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RoundTripInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Events that the routing table carries. Default 128, about 30 KiB. More of it remembers longer.</summary>
    [Range(8, 1024)]
    public int MaxEvents { get; set; } = 128;

    /// <summary>Who is told about every event by HTTP. Default nobody.</summary>
    public List<WebhookOptions> Webhooks { get; set; } = [];

    /// <summary>Events that wait for one webhook or the command at most; older ones are given up. Default 256.</summary>
    [Range(1, 100_000)]
    public int MaxWaitingEvents { get; set; } = 256;

    /// <summary>Times a webhook or the command is tried before an event is given up. Default 8, about two minutes.</summary>
    [Range(1, 100)]
    public int DeliveryAttempts { get; set; } = 8;

    /// <summary>Pause after the first failed try; doubled after each further one, up to a minute. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan DeliveryPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Limit for one try of a webhook. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan WebhookTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Program and arguments to run for every event, for instance to change DNS; the event is in its environment as
    /// <c>PROXYCLUSTER_EVENT_…</c>. Default none. Without a shell: name one to have one.
    /// </summary>
    public List<string> Command { get; set; } = [];

    /// <summary>Time for one run, after which the program and its children are killed. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Records in DNS that follow which regions are in service. Default none.</summary>
    public DnsOptions Dns { get; set; } = new();

    /// <summary>
    /// Whether a region's silos write the list of what the region's shared store holds into it: when the region goes out of service
    /// or has an alert, and every <see cref="SnapshotEvery"/>. Default false. Of use to fill a region that is built anew.
    /// </summary>
    public bool Snapshots { get; set; }

    /// <summary>Time between two such lists without a reason. Default 1 day; 0 writes them with a reason only. Each is one listing of the store.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan SnapshotEvery { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How many of them a region keeps. Default 14.</summary>
    [Range(1, 1000)]
    public int SnapshotsKept { get; set; } = 14;
}

/// <summary>How a webhook's body looks.</summary>
internal enum WebhookFormat
{
    /// <summary>The event as JSON.</summary>
    Json,

    /// <summary>
    /// As Slack's incoming webhooks and what imitates them take it: a sentence with the region, the cause and its figures, the
    /// modules that are hit most, and the command that takes it back.
    /// </summary>
    Slack,
}

/// <summary>One receiver of events.</summary>
internal sealed class WebhookOptions
{
    /// <summary>Where to POST to, unless <see cref="UrlFile"/> says it. Treated as a secret, because with many services it is one.</summary>
    [Secret]
    public Uri? Url { get; set; }

    /// <summary>File with that address, in place of it; read for every try. Default none.</summary>
    public string UrlFile { get; set; } = "";

    /// <summary><c>json</c> (default) or <c>slack</c>.</summary>
    public WebhookFormat Format { get; set; }

    /// <summary>File with the secret that signs what is sent; its content is trimmed. Default none: unsigned.</summary>
    public string SecretFile { get; set; } = "";
}
