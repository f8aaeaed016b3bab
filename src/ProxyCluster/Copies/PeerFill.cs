using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// Copies a verified artifact from another silo into our store. A peer is a nearer upstream, not a trusted one: the
/// record must hold against the proof that travels with it, the bytes against the record, before anything is committed.
/// A peer that fails this is marked and the next candidate asked.
/// </summary>
internal sealed class PeerFill(
    PeerLines lines,
    ArtifactCopy copy,
    Pulse pulse,
    SharedWrites shared,
    ClusterSelf self,
    ProxyMetrics metrics)
{
    /// <summary>
    /// Asks <paramref name="peer"/> to have the artifact and copies it. <paramref name="alive"/> is called at every frame
    /// and chunk.
    /// </summary>
    public async Task<Outcome<ModuleRecord>> FillAsync(
        Member peer, ModuleVersion module, ArtifactKind kind, AskLevel level, Action alive, CancellationToken cancel)
    {
        try
        {
            var outcome = await lines.AskAsync(
                peer,
                PeerTarget.Artifact(module, kind, level),
                PeerFrameType.Record,
                (payload, body, line) => TakeAsync(peer, module, kind, payload, body, line),
                alive,
                cancel);
            Count(peer, outcome.Failure is { } met ? FailureTable.For(met.Kind).Cause : "ok");
            return outcome;
        }
        catch (OperationCanceledException)
        {
            Count(peer, "aborted");
            throw;
        }
    }

    private void Count(Member peer, string outcome) =>
        metrics.PeerFills.Add(1, new("region", peer.Region), new("outcome", outcome));

    private async Task<Outcome<ModuleRecord>> TakeAsync(
        Member peer, ModuleVersion module, ArtifactKind kind, byte[] payload, Stream body, SilenceLimit line)
    {
        // 1. The record, against the proof that travels with it.
        var record = RecordFile.ParseOrNull(payload, out var error);
        if ((error ?? copy.FaultOrNull(record!, module, kind)) is { } fault)
            return Distrust(peer, module, $"its record of {module} does not hold: {fault}");

        // 2. The bytes, against the record.
        CopyResult result;
        try
        {
            result = await copy.TakeAsync(record!, kind, body, peer.Id, line.Sign, line.Token);
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{module}: the store cannot take data now: {e.Message}");
        }

        switch (result.Status)
        {
            case CopyStatus.Committed:
                // What a silo of our own region has, it handed over itself.
                if (peer.Region != self.Region)
                    shared.HandOverLater(result.Record!, kind);
                return result.Record!;
            case CopyStatus.Conflict:
                return new Failure(FailureKind.ChecksumMismatch, result.Why);
            default:
                return Distrust(peer, module, result.Why);
        }
    }

    private Failure Distrust(Member peer, ModuleVersion module, string why)
    {
        pulse.Distrust(peer.Id, why);
        return PeerCalls.Unavailable(peer, $"{module}: {why}");
    }
}
