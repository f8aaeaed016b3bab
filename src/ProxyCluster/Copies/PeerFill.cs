using System.Text.Json;
using Microsoft.Extensions.Options;
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
    PeerCalls calls,
    ArtifactCopy copy,
    PeerStanding standing,
    PeerSigns signs,
    SharedWrites shared,
    ClusterSelf self,
    IOptions<PeerOptions> options,
    ProxyMetrics metrics,
    TimeProvider clock)
{
    /// <summary>
    /// Asks <paramref name="peer"/> to have the artifact and copies it. <paramref name="alive"/> is called at every frame
    /// and chunk.
    /// </summary>
    public async Task<Outcome<ModuleRecord>> FillAsync(
        Member peer, ModuleVersion module, ArtifactKind kind, AskLevel level, Action alive, CancellationToken cancel)
    {
        using var silence = new SilenceLimit(options.Value, () => signs.Since(peer.Id), clock, cancel);
        Outcome<ModuleRecord> outcome;
        try
        {
            outcome = await FillOnceAsync(peer, module, kind, level, () => { alive(); silence.Sign(); signs.Heard(peer.Id); }, silence.Token);
        }
        catch (OperationCanceledException)
        {
            // Silent for too long, or another candidate won because this one was silent for the hedge delay.
            if (clock.GetElapsedTime(silence.LastSign) >= options.Value.HedgeDelay && signs.Since(peer.Id) >= options.Value.HedgeDelay)
                standing.Silent(peer.Id);
            if (cancel.IsCancellationRequested)
            {
                Count(peer, "aborted");
                throw;
            }

            outcome = PeerCalls.Unavailable(peer, "it stayed silent or did not finish in time");
        }
        catch (Exception e) when (e is IOException or InvalidDataException or HttpRequestException or JsonException)
        {
            outcome = PeerCalls.Unavailable(peer, e.Message);
        }
        catch (StoreException e)
        {
            outcome = new Failure(FailureKind.StoreUnavailable, $"{module}: the store cannot take data now: {e.Message}");
        }

        if (outcome.Failure is { Kind: FailureKind.PeerUnavailable })
            standing.Silent(peer.Id);
        else
            standing.Answered(peer.Id);
        Count(peer, outcome.Failure is { } met ? FailureTable.For(met.Kind).Cause : "ok");
        return outcome;
    }

    private void Count(Member peer, string outcome) =>
        metrics.PeerFills.Add(1, new("region", peer.Region), new("outcome", outcome));

    private async Task<Outcome<ModuleRecord>> FillOnceAsync(
        Member peer, ModuleVersion module, ArtifactKind kind, AskLevel level, Action sign, CancellationToken cancel)
    {
        // 1. Ask; the peer works as long as it needs and sends heartbeats meanwhile.
        var sent = await calls.SendAsync(peer, HttpMethod.Get, PeerTarget.Artifact(module, kind, level), null, cancel);
        if (!sent.TryGet(out var response, out var failure))
            return failure;

        using var answered = response;
        sign();
        if (!response.IsSuccessStatusCode)
            return PeerCalls.Unavailable(peer, $"it answered {(int)response.StatusCode}");

        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var read = await PeerReading.ReadUntilAsync(body, PeerFrameType.Record, sign, cancel);
        if (!read.TryGet(out var payload, out failure))
            return failure;

        // 2. The record, against the proof that travels with it.
        var record = RecordFile.ParseOrNull(payload, out var error);
        if ((error ?? copy.FaultOrNull(record!, module, kind)) is { } fault)
            return Distrust(peer, module, $"its record of {module} does not hold: {fault}");

        // 3. The bytes, against the record.
        var result = await copy.TakeAsync(record!, kind, body, peer.Id, sign, cancel);
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
        standing.Distrust(peer.Id, why);
        return PeerCalls.Unavailable(peer, $"{module}: {why}");
    }
}
