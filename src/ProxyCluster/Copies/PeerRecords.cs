using Microsoft.Extensions.Options;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Copies;

/// <summary>
/// Holds a peer's record against the proof in it and against our own policy. What only the peer's word stands for is
/// accepted where our own policy asks for nothing better: a module under a no-sum pattern.
/// </summary>
internal sealed class PeerRecords(Verifier verifier, ChecksumDatabases databases, IOptions<UpstreamsOptions> upstreams)
{
    /// <summary>Why the record cannot be believed, or null.</summary>
    public string? FaultOrNull(ModuleRecord record, ModuleVersion module, ArtifactKind kind)
    {
        if (record.Module != module)
            return $"it is about {record.Module}";
        if (record.ArtifactOrNull(kind) is not { } stored)
            return $"it names no {kind}";
        if (stored.Size < 0 || stored.Size > MaxBytesOf(kind))
            return $"it names {stored.Size} bytes";
        if (kind == ArtifactKind.Info)
            return null;
        if (record.VerifiedBy is not { } by)
            return "nothing verified it";
        if ((kind == ArtifactKind.Zip ? record.ZipH1 : record.GoModH1) is null)
            return "it has no h1 for it";
        if (!verifier.Accepts(module, by))
            return $"it was verified by {by.Authority}, which is not enough here";
        if (by.Kind == VerificationKind.NoSumPattern)
            return null;

        return by.Proof is not { } proof
            ? "it carries no proof"
            : databases.All.FirstOrDefault(d => d.Name == proof.Database) is not { } database
                ? $"its proof is by {proof.Database}, which is not configured here"
                : proof.Verify(database.Key) ?? LinesFaultOrNull(record, proof.LinesFor(module));
    }

    // A nearer upstream gets no more room than the others.
    private long MaxBytesOf(ArtifactKind kind) => upstreams.Value.MaxBytesOf(kind switch
    {
        ArtifactKind.Zip => UpstreamResourceKind.Zip,
        ArtifactKind.Mod => UpstreamResourceKind.Mod,
        _ => UpstreamResourceKind.Info,
    });

    private static string? LinesFaultOrNull(ModuleRecord record, GoModules.ChecksumDatabase.SumLines lines) =>
        (record.ZipH1 is not null && record.ZipH1 != lines.ZipH1) || (record.GoModH1 is not null && record.GoModH1 != lines.GoModH1)
            ? "its hashes are not the proven ones"
            : null;
}
