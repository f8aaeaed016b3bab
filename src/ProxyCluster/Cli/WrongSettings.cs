namespace ProxyCluster.Cli;

/// <summary>Says what is wrong with the configuration, all at once.</summary>
internal static class WrongSettings
{
    /// <summary>One line per mistake, on standard error; returns the exit status.</summary>
    public static async Task<int> ReportAsync(IReadOnlyList<string> mistakes, CommandContext context)
    {
        foreach (var mistake in mistakes)
            await context.Error.WriteLineAsync("proxycluster: " + mistake).ConfigureAwait(false);
        return ExitStatus.Usage;
    }
}
