using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Hosting;

/// <summary>Where a silo listens and how it stops. Section <c>Serve</c>.</summary>
internal sealed class ServeOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Serve";

    /// <summary>
    /// Addresses to listen on, separated by <c>;</c>. Default <c>http://localhost:8080</c>, which only this machine can
    /// reach; <c>http://*:8080</c> lets others in. Port 0 takes a free one (with an address, not with localhost).
    /// The certificate for https goes under <c>Kestrel:Certificates:Default</c>: <c>Path</c> and <c>KeyPath</c>, PEM. Files that are replaced
    /// count within a second, for new connections.
    /// </summary>
    [Required]
    public string Urls { get; set; } = "http://localhost:8080";

    /// <summary>
    /// Permissions of the socket files among the addresses, in octal such as <c>660</c>: who may write to one may use it.
    /// Default: what the process's umask leaves.
    /// </summary>
    [RegularExpression("0?[0-7]{3}")]
    public string? SocketMode { get; set; }

    /// <summary>
    /// Time that downloads in flight may take at shutdown before they are cut off. Default 30 s. More of it spares
    /// clients on slow lines a retry and makes a rollout slower; keep it below the grace time of whatever sends SIGTERM.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Time between <c>/readyz</c> turning 503 and the listener closing. Default 0 s. Behind a load balancer set it to
    /// a little more than the balancer's probe interval, so that it stops sending before connections are refused.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>The addresses one by one.</summary>
    public IReadOnlyList<string> Addresses() =>
        Urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
