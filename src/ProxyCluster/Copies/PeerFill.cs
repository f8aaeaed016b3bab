using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// Copies an artifact from another silo into our store. A peer is a nearer upstream, not a trusted one
/// (<see cref="ArtifactCopy"/>); one whose copy does not hold is marked, and the next candidate asked.
/// </summary>
internal sealed class PeerFill(
    PeerLines lines,
    ArtifactCopy copy,
    Pulse pulse,
    CopyQueue<ToSharedStore> queue,
    ToSharedStore shared,
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
        if (RecordFile.ParseOrNull(payload, out var error) is not { } said)
            return Distrust(peer, module, $"its record cannot be read: {error}");

        CopyResult result;
        try
        {
            result = await copy.TakeAsync(said, module, kind, () => new(body), peer.Id, line.Sign, line.Token);
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{module}: the store cannot take data now: {e.Message}");
        }

        switch (result.Status)
        {
            case CopyStatus.Committed:
                // What a silo of our own region has, it handed over itself.
                if (peer.Region != self.Region || shared.IsDoubted(module, kind))
                    queue.Owe(result.Record!, kind);
                return result.Record!;
            case CopyStatus.Undecided:
                return result.Ours!;
            case CopyStatus.Short or CopyStatus.Void:
                return PeerCalls.Unavailable(peer, result.Why);
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
