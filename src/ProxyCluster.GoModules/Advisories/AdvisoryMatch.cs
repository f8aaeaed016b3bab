namespace ProxyCluster.GoModules.Advisories;

/// <summary>An advisory that concerns a version of a module.</summary>
/// <param name="Advisory">Which one.</param>
/// <param name="By">By which readings of it.</param>
/// <param name="FirstFixed">The least version above it that is not affected, with its <c>v</c>; null where none is known.</param>
public readonly record struct AdvisoryMatch(Advisory Advisory, AdvisoryReadings By, string? FirstFixed)
{
    /// <summary>Its name.</summary>
    public string Id => Advisory.Id;
}
