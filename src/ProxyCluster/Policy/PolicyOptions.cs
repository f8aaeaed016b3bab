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

    /// <summary>For how long a rollout is for 5 %, 25 % and 100 % of the clients before it goes on by itself. Default 10 min; more sees more before it does.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan RolloutStep { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// By how much the share of requests that are refused or fail may be larger under what is rolled out than under the policy before. Default 0.05;
    /// less goes back sooner, and for less.
    /// </summary>
    [Range(0.0, 1.0)]
    public double RolloutMaxRise { get; set; } = 0.05;

    /// <summary>Fewer such requests in a minute at a member say nothing. Default 5.</summary>
    [Range(1, 1_000_000)]
    public int RolloutMinBad { get; set; } = 5;
}
