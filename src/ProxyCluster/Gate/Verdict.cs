using ProxyCluster.Outcomes;

namespace ProxyCluster.Gate;

/// <summary>Where people find a module's page.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Policy">The number of the policy that says so, as a header has it.</param>
internal readonly record struct ModulePage(string Url, string Policy);

/// <summary>What the gate says of a question, or of what is stored in answer to it.</summary>
/// <param name="Refusal">Why there will be no answer; null where there may be one.</param>
/// <param name="IsProven">False where what is stored is not proven well enough today: it must be proven anew before it is served.</param>
/// <param name="IsForAnybody">Whether everybody who asks the same hears the same, until the gate's version changes.</param>
internal readonly record struct Verdict(Failure? Refusal, bool IsProven, bool IsForAnybody)
{
    /// <summary>Anybody may have it.</summary>
    public static Verdict Allowed { get; } = new(null, true, true);

    /// <summary>It is not proven as today's policy demands.</summary>
    public static Verdict Unproven { get; } = new(null, false, true);

    /// <summary>May the stored bytes be served?</summary>
    public bool MayServe => Refusal is null && IsProven;

    /// <summary>Nobody may have it.</summary>
    public static Verdict Refused(Failure why) => new(why, true, true);
}
