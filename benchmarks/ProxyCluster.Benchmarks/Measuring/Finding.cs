namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>One line of the report.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Subject">What was measured, such as <c>.info, pinned</c>.</param>
/// <param name="Figure">The quantity and what it is compared to, such as <c>req/s, x nginx</c>.</param>
/// <param name="Value">Median over the rounds and the half of them around it.</param>
/// <param name="Target">What is to be reached, or null where the figure only explains another.</param>
/// <param name="Notes">Absolute values of this machine at this time, to judge the ratio by.</param>
internal sealed record Finding(
    string Scenario, string Subject, string Figure, Series Value, Target? Target, string Notes)
{
    public bool? Met => Target?.IsMetBy(Value.Median);
}
