namespace ProxyCluster.Clustering;

/// <summary>How the engine itself is doing, for <c>/readyz</c> and operators.</summary>
/// <param name="IsDegraded">True while the last known view is used because the engine cannot be reached.</param>
/// <param name="Detail">One sentence: which endpoint, or what failed.</param>
/// <param name="Since">When this state began, UTC.</param>
public sealed record EngineStatus(bool IsDegraded, string Detail, DateTimeOffset Since);
