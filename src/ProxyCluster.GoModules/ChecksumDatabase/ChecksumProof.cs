using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// Everything needed to check, offline and with nothing but the pinned verifier key, that a checksum database holds a
/// record: the record, its number, the signed tree note and the RFC 6962 inclusion proof of the record in that tree.
/// </summary>
/// <param name="Database">Name of the checksum database (<c>sum.golang.org</c>).</param>
/// <param name="RecordId">Zero-based number of the record in the log.</param>
/// <param name="RecordText">The record's go.sum lines, each ending with a newline.</param>
/// <param name="SignedTree">The signed tree note in whose tree the record was proven.</param>
/// <param name="Inclusion">Sibling hashes from the leaf to the root (RFC 6962 §2.1.1).</param>
public sealed record ChecksumProof(
    string Database,
    long RecordId,
    string RecordText,
    string SignedTree,
    IReadOnlyList<Digest> Inclusion)
{
    /// <summary>
    /// Checks the signature, the record's hash and its inclusion. It does not say that the log never forked: that needs
    /// the timeline that <see cref="ChecksumDatabaseClient"/> keeps.
    /// </summary>
    /// <returns>Null when all of it holds; otherwise one sentence.</returns>
    public string? Verify(VerifierKey key)
    {
        if (Database != key.Name)
            return $"the proof is from the checksum database {Database}, not from {key.Name}";
        if (!SignedNote.TryOpen(SignedTree, [key], out var note, out var error) || !TreeNote.TryParse(note.Text, out var head, out error))
            return $"the proof's signed tree is not valid: {error}";
        if (!LookupResponse.IsRecordText(RecordText))
            return "the proof's record is not a list of lines";
        if (RecordId < 0 || RecordId >= head.Size)
            return $"the proof is for record {RecordId} and its tree has only {head.Size}";

        var leaf = MerkleHash.OfRecord(KeyName.StrictUtf8.GetBytes(RecordText));
        return InclusionProof.Verify(Inclusion, head, RecordId, leaf)
            ? null
            : $"the proof does not lead from record {RecordId} to the root of the signed tree of {head.Size} records";
    }

    /// <summary>The hashes that the record gives for <paramref name="module"/>. Call <see cref="Verify"/> first.</summary>
    public SumLines LinesFor(ModuleVersion module) => SumLines.In(RecordText, module);
}
