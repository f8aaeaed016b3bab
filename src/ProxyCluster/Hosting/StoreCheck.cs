namespace ProxyCluster.Hosting;

/// <summary>How far a check of the store is.</summary>
/// <param name="Artifacts">Artifacts checked so far.</param>
/// <param name="Bytes">Bytes read so far.</param>
/// <param name="TotalBytes">Bytes to read in all; null while that is unknown.</param>
internal readonly record struct StoreCheckProgress(long Artifacts, long Bytes, long? TotalBytes);

/// <summary>One thing that is not as its record says.</summary>
/// <param name="Artifact">Which one, e.g. <c>example.com/m@v1.0.0.zip</c>.</param>
/// <param name="Problem">What is wrong.</param>
internal sealed record StoreProblem(string Artifact, string Problem);

/// <summary>What a check of the store found.</summary>
/// <param name="ModuleVersions">Records read.</param>
/// <param name="Artifacts">Artifacts checked.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Problems">What failed; empty where every stored byte is as its record says.</param>
internal sealed record StoreCheckResult(long ModuleVersions, long Artifacts, long Bytes, IReadOnlyList<StoreProblem> Problems);

/// <summary>Checks every stored byte against its record; the store provides it.</summary>
/// <exception cref="IOException">The data directory cannot be read, or another process uses it.</exception>
internal delegate Task<StoreCheckResult> StoreCheck(IProgress<StoreCheckProgress> progress, CancellationToken cancellation);
