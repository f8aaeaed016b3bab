using System.Collections.Immutable;

namespace ProxyCluster.Policy;

/// <summary>What a policy says to a question.</summary>
/// <param name="Verdict">Yes or no, or that nobody has looked at the version yet, by which it would be decided.</param>
/// <param name="Rule">The rule that decided; null where none did.</param>
/// <param name="Reason">Why not; empty otherwise.</param>
/// <param name="Instead">What to use in its place; null where the rule does not say.</param>
internal sealed record PolicyDecision(PolicyVerdict Verdict, string? Rule = null, string Reason = "", string? Instead = null)
{
    /// <summary>No rule says anything.</summary>
    public static PolicyDecision Allowed { get; } = new(PolicyVerdict.Allow);

    /// <summary>What is stored, or will be, decides.</summary>
    public static PolicyDecision Pending { get; } = new(PolicyVerdict.Pending);

    /// <summary>Whoever gets it is told so.</summary>
    public ImmutableArray<PolicyWarning> Warnings { get; init; } = [];
}

/// <summary>Of what a rule warns.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Text">Its words.</param>
internal sealed record PolicyWarning(string Rule, string Text);

/// <summary>The ways to decide.</summary>
internal enum PolicyVerdict
{
    /// <summary>Yes.</summary>
    Allow,

    /// <summary>No.</summary>
    Block,

    /// <summary>Asked again with what is known of the version.</summary>
    Pending,
}
