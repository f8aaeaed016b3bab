namespace ProxyCluster.Access;

/// <summary>
/// Who clients are, and which modules they may read. Section <c>Access</c>; to be the same on every member. Rules count at silos and front
/// ends; logins are looked at by the member that a client reaches, which says to others who it is.
/// </summary>
internal sealed class AccessOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Access";

    /// <summary>
    /// Who may read which modules. For a module, the first rule counts that names it and the namespace in which it is asked for. Default none.
    /// </summary>
    public List<AccessRuleOptions> Rules { get; } = [];

    /// <summary>Who may read modules that no rule names, in the words of <see cref="AccessRuleOptions.Read"/>. Default <c>anonymous</c>: everybody.</summary>
    public List<string> Default { get; } = [AccessReaders.Anonymous];

    /// <summary>
    /// File of clients' tokens, one per line: <c>NAME TOKEN GROUP,GROUP…</c>, the groups only where there are some. The token is written
    /// as <c>sha256:HEX</c> of it, or plainly with at least 16 characters. Lines that begin with <c>#</c> are comments. Changes count within
    /// a second. A client sends it as a bearer token or as the password of any user. Default none.
    /// </summary>
    public string TokenFile { get; set; } = "";

    /// <summary>Identity provider whose tokens clients may send. Default none.</summary>
    public OidcOptions Oidc { get; set; } = new();

    /// <summary>
    /// PEM file with the authorities whose client certificates are logins, over https: the common name is the subject, organisational units
    /// are the groups. Changes count within a second. The system's authorities do not count; nor does revocation. Default none.
    /// </summary>
    public string ClientCaFile { get; set; } = "";
}

/// <summary>One rule of <see cref="AccessOptions.Rules"/>.</summary>
internal sealed class AccessRuleOptions
{
    /// <summary>The modules that it names, in GOPRIVATE's syntax: <c>git.example.com,example.org/secret/*</c>.</summary>
    public string Modules { get; set; } = "";

    /// <summary>
    /// Who may read them: <c>anonymous</c> (everybody), <c>anybody</c> (who is logged in), <c>subject:GLOB</c>, <c>group:GLOB</c>. To all others
    /// they do not exist. A glob is one as in GOPRIVATE, whose <c>*</c> takes no slash.
    /// </summary>
    public List<string> Read { get; } = [];

    /// <summary>
    /// Counts only below <c>/ns/NAME</c>: <c>GOPROXY=https://go.example/ns/payments</c>. What is named by rules of other namespaces only is
    /// nobody's here. Default: not set, which means everywhere.
    /// </summary>
    public string Namespace { get; set; } = "";
}

/// <summary>An OpenID Connect provider. Its access tokens are JSON web tokens, proved by the keys that it publishes.</summary>
internal sealed class OidcOptions
{
    /// <summary>The issuer's URL, below which <c>/.well-known/openid-configuration</c> lies; https unless it is this machine's. Default none.</summary>
    public string Authority { get; set; } = "";

    /// <summary>What a token's <c>aud</c> must name. Required with an authority: a token for another service is not for us.</summary>
    public string Audience { get; set; } = "";

    /// <summary>The claim that names the client. Default <c>sub</c>.</summary>
    public string SubjectClaim { get; set; } = "sub";

    /// <summary>The claim that names its groups, one or a list. Default <c>groups</c>.</summary>
    public string GroupsClaim { get; set; } = "groups";

    /// <summary>Time by which clocks may differ when a token's time is looked at. Default 30 s.</summary>
    [System.ComponentModel.DataAnnotations.Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);
}
