using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>A proven lookup.</summary>
/// <param name="Module">What was looked up.</param>
/// <param name="Lines">Its hashes; at least one is there.</param>
/// <param name="Proof">The proof, checkable offline.</param>
/// <param name="Response">The database's response, byte for byte.</param>
public sealed record ChecksumLookup(ModuleVersion Module, SumLines Lines, ChecksumProof Proof, ReadOnlyMemory<byte> Response);
