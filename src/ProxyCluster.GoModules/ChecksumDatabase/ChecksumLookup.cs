using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>A proven lookup.</summary>
/// <param name="Module">What was looked up.</param>
/// <param name="Lines">Its hashes; at least one is there.</param>
/// <param name="Proof">The proof, checkable offline.</param>
/// <param name="Response">The database's response, byte for byte.</param>
/// <param name="FromCache">True when the response was not read from the database this time.</param>
public sealed record ChecksumLookup(
    ModuleVersion Module, SumLines Lines, ChecksumProof Proof, ReadOnlyMemory<byte> Response, bool FromCache);

/// <summary>Proven bytes of a tile.</summary>
/// <param name="Bytes">The bytes as the database serves them.</param>
/// <param name="FromCache">True when nothing was read from the database this time.</param>
public readonly record struct TileBytes(ReadOnlyMemory<byte> Bytes, bool FromCache);
