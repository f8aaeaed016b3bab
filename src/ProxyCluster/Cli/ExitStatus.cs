namespace ProxyCluster.Cli;

/// <summary>What the process returns; scripts rely on it.</summary>
internal static class ExitStatus
{
    /// <summary>Done, and nothing found.</summary>
    public const int Ok = 0;

    /// <summary>It could not be done, or problems were found.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong; nothing was begun.</summary>
    public const int Usage = 2;

    /// <summary>It was done, and what was asked for is affected by advisories.</summary>
    public const int Affected = 3;
}
