using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Silos;

/// <summary>
/// This process as a silo of Orleans. Section <c>Silo</c>. Which membership and which grain storage are used is said in
/// Orleans' own section: <c>Orleans:Clustering:ProviderType</c>, <c>Orleans:GrainStorage:Default:ProviderType</c>.
/// </summary>
internal sealed class OrleansOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Silo";

    /// <summary>Where a silo listens that other machines reach, unless told otherwise.</summary>
    public const int DefaultPort = 11111;

    /// <summary>
    /// Port for other silos. Default 0: a free one where the member's address is this machine's own, else
    /// <see cref="DefaultPort"/>. Anybody who reaches it can call grains, unless TLS is on (<see cref="Line"/>).
    /// </summary>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>
    /// For several processes on one machine without a cluster store: port of the silo that keeps the list of members, in
    /// its memory. That one names its own. Default 0: this process is alone, or there is a store.
    /// </summary>
    [Range(0, 65535)]
    public int PrimaryPort { get; set; }

    /// <summary>
    /// Time between two probes of a silo, and limit for each. Default 750 ms. Less of it notices deaths sooner and takes
    /// shorter pauses for deaths; see <see cref="SiloTuning"/> for how it adds up.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromMilliseconds(750);

    /// <summary>Probes in a row that a silo may miss before it is voted against. Default 3.</summary>
    [Range(1, 20)]
    public int MissedProbes { get; set; } = 3;

    /// <summary>
    /// Silos that must vote against another before it counts as dead; half of them where there are fewer. Default 2, so
    /// that no silo with a bad line of its own can throw others out.
    /// </summary>
    [Range(1, 10)]
    public int Votes { get; set; } = 2;

    /// <summary>
    /// Limit for one call of a grain. Default 1.5 s: less than the silence after which the asker goes on without the
    /// owner. A grain that works for longer says so within a heartbeat, so a slow upstream does not run into it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// Time without a call after which a grain of a module version or path gives up its place. Default 15 min. Less of it
    /// saves memory (about 2 KB each); more of it keeps owners where they are.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:01", "30.00:00:00")]
    public TimeSpan IdleAfter { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Time that a silo must have been there before grains that it wins move to it from other silos of its region. Default
    /// 30 s. Less of it brings a new silo its keys sooner, and gives some to one that will not stay.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MoveAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Grains that leave this silo in a second for one that has joined; each when it is called. Default 20. What they own is
    /// copied from here when it is asked for next: more of it spreads keys sooner and copies more at once. 0 moves none.
    /// </summary>
    [Range(0, 10_000)]
    public int MovesPerSecond { get; set; } = 20;

    /// <summary>Time for activations to be handed over at shutdown. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether this silo takes part in Orleans' dashboard, and shows it under <c>/-/admin/v1/dashboard/</c> to whoever has an
    /// admin token. Default false: it counts every grain call while somebody looks.
    /// </summary>
    public bool Dashboard { get; set; }

    /// <summary>
    /// What protects the line between silos on different machines: <c>tls</c>, with the three files below, or
    /// <c>trusted-network</c>, which says that nobody but members can reach <see cref="Port"/>: whoever does can call grains
    /// and read along. Default none, which is enough where the silo is reached on this machine alone.
    /// </summary>
    [AllowedValues("", "tls", SiloLine.TrustedNetwork)]
    public string Line { get; set; } = "";

    /// <summary>File with this silo's certificate, PEM. Default none: no TLS between silos.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>File with its private key, PEM.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>File with the certificates of those who may sign silos' certificates, PEM. Both sides of a line show one.</summary>
    public string CaFile { get; set; } = "";
}
