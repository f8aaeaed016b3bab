using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Credentials;

/// <summary>How we prove ourselves to upstreams, hosts of repositories and checksum databases. Section <c>Credentials</c>.</summary>
internal sealed class CredentialsOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Credentials";

    /// <summary>
    /// Logins by what they are for, in their order: the first rule that covers an address and has one counts. Default: none.
    /// What stands in a URL comes before them; after them <see cref="OAuth"/>, then <c>UPSTREAM_…</c> variables, then netrc.
    /// </summary>
    public IReadOnlyList<CredentialRuleOptions> Rules { get; set; } = [];

    /// <summary>Identity providers by names of their own; <c>proxycluster login HOST</c>. Default: none.</summary>
    public Dictionary<string, OAuthOptions> OAuth { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Limit for a helper or a GOAUTH command. Default 30 s. More bears slower ones, less frees requests of one that hangs sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
