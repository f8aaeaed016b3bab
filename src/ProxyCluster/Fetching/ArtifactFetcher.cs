using System.Buffers;
using ProxyCluster.Audit;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Verification;

namespace ProxyCluster.Fetching;

/// <summary>
/// Brings one artifact from upstream into the store: ask, stream to a temporary file, check, prove, commit.
/// <para>
/// The checksum database is asked while the bytes arrive, so that proof costs no round trip of its own; nothing is
/// committed before both are in and agree (design rule 1). What an upstream sends is checked inside the walk over the
/// upstream chain, so a wrong zip counts as that upstream's failure.
/// </para>
/// <para>
/// A proof that fails ends the transfer, but not the question: whether a module version exists is for the upstreams to
/// say, and no database knows what nobody has. A client must get its 404 for that however fast the database was.
/// </para>
/// <para>
/// <c>.info</c> is covered by no authority: it is checked for its form and for naming the version that was asked for,
/// and the first one stays.
/// </para>
/// </summary>
internal sealed partial class ArtifactFetcher(
    UpstreamChain upstreams,
    Verifier verifier,
    DiskStore store,
    ProxyMetrics metrics,
    TimeProvider clock,
    ILogger<ArtifactFetcher> logger,
    AuditLog? audit = null)
{
    /// <summary>
    /// Fetches, proves and commits; gives the record that names the artifact. <paramref name="known"/> is the present
    /// record, whose hashes bind this fetch too, whoever is asked. An upstream that says when to come back is not waited for where <paramref name="mayWait"/> is false.
    /// </summary>
    public async Task<Outcome<ModuleRecord>> FetchAsync(
        ModuleVersion module, ArtifactKind kind, PolicyRewrite? rewrite, ModuleRecord? known, bool mayWait, CancellationToken cancel)
    {
        if (!DataTree.Fits(module))
            return new Failure(FailureKind.Blocked, $"{module}: the name is too long to be stored");

        try
        {
            return await FetchAndCommitAsync(module, kind, rewrite, known, mayWait, cancel);
        }
        catch (StoreException e)
        {
            Log.StoreFailed(logger, e, module.Path.Value, module.Version);
            return new Failure(FailureKind.StoreUnavailable, $"{module}: the store cannot take data now: {e.Message}");
        }
    }

    private async Task<Outcome<ModuleRecord>> FetchAndCommitAsync(
        ModuleVersion module, ArtifactKind kind, PolicyRewrite? rewrite, ModuleRecord? known, bool mayWait, CancellationToken cancel)
    {
        // 1. Ask for the proof; it arrives while the bytes do.
        var proof = kind == ArtifactKind.Info ? null : verifier.ProveAsync(module, cancel).AsTask();

        // 2. Nothing but a proof is missing: an older no-sum record that policy does not accept any more.
        if (proof is not null && known is not null && store.HasBytes(known, kind))
            return await CommitProofAsync(module, kind, known, await proof, cancel);

        // 3. Fetch, check and prove, upstream by upstream.
        IncomingArtifact? incoming = null;
        try
        {
            var request = new UpstreamRequest(UpstreamResource.Artifact(module, kind)) { MayWait = mayWait, Rewrite = rewrite };
            var outcome = await upstreams.FetchAsync(
                request,
                async (answer, stop) =>
                {
                    if (incoming is not null)
                        await incoming.DisposeAsync();
                    incoming = store.CreateIncoming(kind);
                    var received = await ReceiveWhileProvenAsync(module, kind, answer, incoming, proof, stop);
                    return received.TryGet(out var contents, out var refused)
                        ? await JudgeAsync(module, kind, known, contents, answer, incoming, proof)
                        : refused;
                },
                cancel);

            // 4. Commit, or say what was wrong.
            if (!outcome.TryGet(out var proposal, out var failure))
            {
                CountRejection(module, kind, failure);
                return failure;
            }

            var result = await store.CommitAsync(proposal, kind, incoming, cancel);
            return result.Status == CommitStatus.Conflict
                ? new Failure(FailureKind.ChecksumMismatch, result.Conflict ?? $"{module}: integrity conflict")
                : result.Record;
        }
        finally
        {
            if (incoming is not null)
                await incoming.DisposeAsync();
        }
    }

    private async Task<Outcome<ModuleRecord>> CommitProofAsync(
        ModuleVersion module, ArtifactKind kind, ModuleRecord known, Outcome<ProvenSums> proof, CancellationToken cancel)
    {
        if (!proof.TryGet(out var sums, out var failure))
            return failure;

        var proposal = known with { ZipH1 = sums.ZipH1, GoModH1 = sums.GoModH1, VerifiedBy = sums.VerifiedBy };
        var result = await store.CommitAsync(proposal, kind, null, cancel);
        if (result.Status == CommitStatus.Conflict)
            return new Failure(FailureKind.ChecksumMismatch, result.Conflict ?? $"{module}: integrity conflict");

        // It may have proven the other artifact only.
        return ArtifactChecks.Mismatch(module, kind, known.H1Of(kind), sums, known, DiskStore.KeyOf(module, kind)) is { } unknown
            ? unknown
            : result.Record;
    }

    /// <summary>Receives, and gives up as soon as there will be no proof.</summary>
    private static async Task<Outcome<Received>> ReceiveWhileProvenAsync(
        ModuleVersion module,
        ArtifactKind kind,
        UpstreamAnswer answer,
        IncomingArtifact incoming,
        Task<Outcome<ProvenSums>>? proof,
        CancellationToken stop)
    {
        if (proof is null)
            return await ReceiveAsync(module, kind, answer, incoming, stop);

        using var transfer = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var receiving = ReceiveAsync(module, kind, answer, incoming, transfer.Token);
        if (await Task.WhenAny(proof, receiving) == proof && proof.IsCompletedSuccessfully && (await proof).Failure is { } unproven)
        {
            await transfer.CancelAsync();
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return unproven;
        }

        return await receiving;
    }

    /// <summary>Streams the body to the temporary file and computes what its kind is proven by.</summary>
    private static async Task<Outcome<Received>> ReceiveAsync(
        ModuleVersion module, ArtifactKind kind, UpstreamAnswer answer, IncomingArtifact incoming, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            for (int read; (read = await answer.Body.ReadAsync(buffer, stop)) > 0;)
                await incoming.WriteAsync(buffer.AsMemory(0, read), stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var content = incoming.Complete();
        return kind == ArtifactKind.Zip
            ? ArtifactChecks.Zip(module, content, answer.Upstream, stop)
            : await ArtifactChecks.SmallAsync(module, kind, content, answer.Upstream, stop);
    }

    /// <summary>Holds what was received against the proof and against what the record already pins.</summary>
    private async Task<Outcome<ModuleRecord>> JudgeAsync(
        ModuleVersion module,
        ArtifactKind kind,
        ModuleRecord? known,
        Received received,
        UpstreamAnswer answer,
        IncomingArtifact incoming,
        Task<Outcome<ProvenSums>>? proof)
    {
        ProvenSums? sums = null;
        if (proof is not null)
        {
            if (!(await proof).TryGet(out sums, out var failure))
                return failure;

            var mismatch = ArtifactChecks.Mismatch(module, kind, received.H1, sums, known, answer.Upstream);
            if (mismatch is not null)
            {
                if (ArtifactChecks.Contradicts(kind, received.H1, known) is not null)
                    metrics.Conflicts.Add(1, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(kind)));
                return mismatch;
            }
        }

        var artifact = new StoredArtifact(incoming.Sha256, incoming.Size, answer.Upstream, clock.GetUtcNow(), Upstream: answer.Upstream);
        return ModuleRecord.Of(module, kind, artifact, received.H1, sums);
    }

    private void CountRejection(ModuleVersion module, ArtifactKind kind, Failure failure)
    {
        if (failure.Kind is not (FailureKind.UpstreamInvalid or FailureKind.ChecksumMismatch
            or FailureKind.ChecksumDatabaseInvalid or FailureKind.ChecksumUnknown))
            return;

        metrics.Rejections.Add(
            1, new("artifact", DiskStore.LabelOf(kind)), new("cause", FailureTable.For(failure.Kind).Cause));
        Log.Rejected(logger, DiskStore.LabelOf(kind), module.Path.Value, module.Version, failure.Message);
        audit?.Note(AuditEvent.Integrity(clock.GetUtcNow(), FailureTable.For(failure.Kind).Cause, module, kind, null, failure.Message));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Rejected {Artifact} of {Module}@{Version}, nothing was stored: {Reason}")]
        public static partial void Rejected(ILogger logger, string artifact, string module, string version, string reason);

        [LoggerMessage(LogLevel.Error, "Storing {Module}@{Version} failed")]
        public static partial void StoreFailed(ILogger logger, Exception e, string module, string version);
    }
}

/// <summary>What was computed from a received artifact: its h1, or null for <c>.info</c>.</summary>
internal readonly record struct Received(string? H1);
