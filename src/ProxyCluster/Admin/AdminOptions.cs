namespace ProxyCluster.Admin;

/// <summary>Who may look at and steer the cluster over HTTP. Section <c>Admin</c>.</summary>
internal sealed class AdminOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Admin";

    /// <summary>
    /// File of bearer tokens, one per line: <c>ROLE NAME TOKEN</c>, where the role is <c>viewer</c> or <c>operator</c>, the
    /// name appears in events and logs, and the token is written as <c>sha256:HEX</c> of it, or plainly with at least 16
    /// characters. Lines that begin with <c>#</c> are comments. Changes count at once. Default none: no admin API.
    /// </summary>
    public string TokenFile { get; set; } = "";
}
