namespace ProxyCluster.Advisories;

/// <summary>A database of advisories: an address, a directory or a zip.</summary>
internal interface IAdvisorySource
{
    /// <summary>Takes what is there.</summary>
    /// <param name="ask">What is wanted and what is known.</param>
    /// <param name="into">Takes the records.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>What to ask with the next time; null where nothing has changed since, and then nothing was taken.</returns>
    /// <exception cref="IOException">It cannot be had.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    Task<AdvisoryStamp?> TakeAsync(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel);
}

/// <summary>What is wanted of a database.</summary>
/// <param name="Since">What was taken the last time; null for nothing.</param>
/// <param name="Known">The records of that time.</param>
/// <param name="Modules">The modules whose records are enough; null for all.</param>
internal sealed record AdvisoryAsk(AdvisoryStamp? Since = null, KeptRecords? Known = null, IReadOnlySet<string>? Modules = null);
