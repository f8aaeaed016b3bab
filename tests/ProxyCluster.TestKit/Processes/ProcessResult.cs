namespace ProxyCluster.TestKit.Processes;

/// <summary>What a process that has ended left.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it printed to standard error.</param>
public sealed record ProcessResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The output of a process that had to succeed.</summary>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public string OutputOfSuccess => ExitCode == 0
        ? Output
        : throw new InvalidOperationException($"exit code {ExitCode}\n{Output}{Errors}");
}
