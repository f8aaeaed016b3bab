namespace ProxyCluster.Policy;

/// <summary>What counts at this member now: one policy, and for some clients the one that is being rolled out.</summary>
/// <param name="Stable">For all others.</param>
/// <param name="Candidate">For a share of the clients; null where nothing is rolled out.</param>
/// <param name="Share">How many in a hundred.</param>
internal sealed record PoliciesInForce(ActivePolicy Stable, ActivePolicy? Candidate, int Share)
{
    // Its clients are the same for every rollout: those that are used to it.
    private const string Rollout = "rollout";

    /// <summary>Is there no rule at all?</summary>
    public bool IsOpen => Candidate is null && Stable.Rules.IsEmpty;

    /// <summary>The one that a client is judged by.</summary>
    public ActivePolicy Of(in PolicyClient client) => Candidate is not null && ClientShare.Of(Rollout, client) < Share ? Candidate : Stable;
}
