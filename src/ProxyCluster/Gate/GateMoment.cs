namespace ProxyCluster.Gate;

/// <summary>By what is judged at a moment.</summary>
/// <param name="Version">The gate's version.</param>
/// <param name="Policy">The number of the policy, as a header has it; empty where there is none.</param>
internal readonly record struct GateMoment(int Version, string Policy)
{
    /// <summary>By two policies, each for some clients: nothing was let through for all of them.</summary>
    public static GateMoment OfTwo { get; } = new(-1, "");
}
