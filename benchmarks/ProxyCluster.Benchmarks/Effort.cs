namespace ProxyCluster.Benchmarks;

/// <summary>How long and how often to measure.</summary>
/// <param name="Rounds">Pairs per figure. More of it narrows the spread.</param>
/// <param name="Seconds">Length of a burst.</param>
/// <param name="WarmUpSeconds">Load before the first burst on a path.</param>
/// <param name="ColdRounds">Pairs of cold downloads, each of them seconds long.</param>
/// <param name="Connections">Connections of the load generator.</param>
internal sealed record Effort(int Rounds = 9, int Seconds = 2, int WarmUpSeconds = 4, int ColdRounds = 5, int Connections = 32);
