namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>One request of a recorded log.</summary>
/// <param name="Time">When.</param>
/// <param name="Client">Who asked; "" where the log does not say.</param>
/// <param name="Target">What for, as it was sent.</param>
/// <param name="Status">How it was answered.</param>
/// <param name="Bytes">Bytes of the body; null where the log does not say.</param>
internal sealed record LogLine(DateTimeOffset Time, string Client, string Target, int Status, long? Bytes);
