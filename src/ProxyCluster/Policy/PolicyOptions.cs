using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Policy;

/// <summary>Where the cluster's policy comes from. Section <c>Policy</c>. The policy itself is what the cluster agrees on.</summary>
internal sealed class PolicyOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Policy";

    /// <summary>
    /// A policy that is pushed to the whole cluster whenever this file changes; with mistakes it is logged, and the old one stays. One member
    /// with it is enough. Default none: policies are pushed by <c>proxycluster policy push</c>.
    /// </summary>
    public string File { get; set; } = "";

    /// <summary>For how long before a rule ends the log says so. Default 7 d; more gives more time to renew it, zero says nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan WarnBeforeExpiry { get; set; } = TimeSpan.FromDays(7);
}
