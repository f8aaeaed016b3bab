using System.Collections.Immutable;

namespace ProxyCluster.Policy;

/// <summary>
/// The policy by which one question of a client is judged, from its door to its answer, and of what it was warned: the number in the
/// answer is that of every decision behind it. Whoever has waited takes the newest policy and judges again.
/// </summary>
internal sealed class PolicyTrail(ActivePolicy policy)
{
    /// <summary>By which it is judged.</summary>
    public ActivePolicy Policy { get; private set; } = policy;

    /// <summary>Of what the client is to be told.</summary>
    public ImmutableArray<PolicyWarning> Warnings { get; private set; } = [];

    /// <summary>The rule that refused what was asked for; null where none did.</summary>
    public string? RefusedBy { get; private set; }

    /// <summary>Goes on with a newer policy; what was said under the old one is forgotten.</summary>
    public void Renew(ActivePolicy policy)
    {
        if (!ReferenceEquals(policy, Policy))
            (Policy, Warnings, RefusedBy) = (policy, [], null);
    }

    /// <summary>Notes what was said to the question itself.</summary>
    public void Note(PolicyDecision decision)
    {
        if (decision.Verdict == PolicyVerdict.Block)
            RefusedBy = decision.Rule;
        foreach (var warning in decision.Warnings)
        {
            if (!Warnings.Contains(warning))
                Warnings = Warnings.Add(warning);
        }
    }
}
