namespace ProxyCluster.Walk;

/// <summary>
/// What an engine offers that gives every repository a place of its own in each region; the counterpart of
/// <see cref="IOwnerCalls"/> for what is fetched from.
/// </summary>
internal interface IRepositoryPlaces
{
    /// <summary>Id of the member of this silo's region whose mirror of the repository is the region's; null where nobody says.</summary>
    Task<string?> FindOrNullAsync(string repository, CancellationToken cancel);
}
