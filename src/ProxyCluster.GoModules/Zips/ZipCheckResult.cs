namespace ProxyCluster.GoModules.Zips;

/// <summary>What a check of a zip found.</summary>
/// <param name="Faults">The first faults, in the order of the zip's directory; empty if the zip is a module zip.</param>
/// <param name="FaultCount">How many faults there are, those left out of <paramref name="Faults"/> included.</param>
public sealed record ZipCheckResult(IReadOnlyList<ZipFault> Faults, int FaultCount)
{
    /// <summary>How many faults are named at most.</summary>
    public const int MaxNamedFaults = 20;

    /// <summary>True if the zip obeys every rule.</summary>
    public bool IsValid => FaultCount == 0;

    /// <summary>All named faults in one line.</summary>
    public override string ToString()
    {
        if (IsValid)
            return "valid";
        var named = string.Join("; ", Faults);
        return FaultCount > Faults.Count ? $"{named}; and {FaultCount - Faults.Count} more" : named;
    }
}
