namespace ProxyCluster.Benchmarks.Running;

/// <summary>A program that a scenario needs is not installed; the message says which package brings it.</summary>
internal sealed class ToolMissingException(string message) : Exception(message);
