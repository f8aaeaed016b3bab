namespace ProxyCluster.Verification;

/// <summary>
/// The answer to "which hashes must this module version have?". With a checksum database both values are given by its
/// authenticated record; an absent line stays null and the artifact it covers is refused. Under a no-sum pattern both
/// are null and the first fetch pins them.
/// </summary>
/// <param name="ZipH1">Expected <c>h1:</c> of the zip, or null.</param>
/// <param name="GoModH1">Expected <c>h1:</c> of go.mod, or null.</param>
/// <param name="VerifiedBy">What says so.</param>
public sealed record ProvenSums(string? ZipH1, string? GoModH1, VerifiedBy VerifiedBy);
