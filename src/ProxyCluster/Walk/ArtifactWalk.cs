using ProxyCluster.Gate;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Walk;

/// <summary>
/// The order in which an artifact is looked for, whoever asks: gate, store, owner, gate, content. Clients, forwarded
/// clients and members all come this way, and no other way leads to bytes.
/// </summary>
internal sealed class ArtifactWalk(ModuleGate gate, DiskStore store, ArtifactOwner owner)
{
    /// <summary>Opens an artifact, having it fetched where it is missing and the ask goes that far. The caller disposes it.</summary>
    public async ValueTask<Outcome<OpenedArtifact>> OpenAsync(Ask ask, CancellationToken cancel)
    {
        // 1. May it be asked? By which policy is noted before, here and below: what is decided meanwhile is not what it was judged by.
        var version = gate.VersionFor(ask);
        if (gate.Judge(ask).Refusal is { } refusal)
            return refusal;

        try
        {
            // 2. Stored here, and proven in a way that today's policy accepts.
            if (store.FindRecordOrNull(ask.Module) is { } known)
            {
                var verdict = gate.Judge(ask, known);
                if (verdict.Refusal is { } refused)
                    return refused;
                if (await OpenOrNullAsync(ask, known, verdict, version, cancel) is { } here)
                    return new OpenedArtifact(here, known, true);
            }

            // 3. Stored now, by whoever has to: once for all who ask.
            Asking.Enter(ask.Who.Lane, cancel);
            if (!(await owner.HaveAsync(ask, cancel)).TryGet(out var stored, out var failure))
                return failure;

            // 4. Judged and opened as anything else that is stored; it may have taken its time.
            gate.Renew(ask);
            version = gate.VersionFor(ask);
            var since = gate.Judge(ask);
            if (since.Refusal is null)
                since = gate.Judge(ask, stored.Record);
            if (since.Refusal is { } now)
                return now;
            return await OpenOrNullAsync(ask, stored.Record, since, version, cancel) is { } content
                ? new OpenedArtifact(content, stored.Record, stored.WasHere)
                : new Failure(FailureKind.StoreUnavailable, $"{ask.Module}: the stored file could not be read back");
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{ask.Module}: the store cannot be read now: {e.Message}");
        }
    }

    /// <summary>
    /// Does this silo hold an artifact with these bytes? It is a question about the disk, so that another one may be cleared,
    /// and not judged: nothing is served. Opening proves the bytes: they were hashed by this process and have not changed
    /// since, or are hashed now.
    /// </summary>
    public async ValueTask<bool> HoldsAsync(ModuleVersion module, ArtifactKind kind, Digest sha256, CancellationToken cancel)
    {
        try
        {
            using var content = store.FindRecordOrNull(module) is { } record && record.ArtifactOrNull(kind)?.Sha256 == sha256
                ? await store.OpenReadOrNullAsync(record, kind, cancel)
                : null;
            return content is not null;
        }
        catch (StoreException)
        {
            return false; // whoever asks may not rely on this disk
        }
    }

    /// <summary>Which artifacts of a module version are stored here, for another member; nothing is served, so nothing is judged or proven.</summary>
    public IEnumerable<ArtifactKind> Stock(ModuleVersion module)
    {
        try
        {
            var record = store.FindRecordOrNull(module);
            return record is null ? [] : [.. Enum.GetValues<ArtifactKind>().Where(kind => store.HasBytes(record, kind))];
        }
        catch (StoreException)
        {
            return []; // whoever asks may not rely on this disk
        }
    }

    private async ValueTask<ArtifactContent?> OpenOrNullAsync(Ask ask, ModuleRecord record, Verdict verdict, int version, CancellationToken cancel)
    {
        if (!verdict.MayServe || await store.OpenReadOrNullAsync(record, ask.Kind, cancel) is not { } content)
            return null;

        // From here on the fast path may serve it without a question.
        if (verdict.IsForAnybody)
            content.Artifact.AcceptedBy = version;
        return content;
    }
}

/// <summary>An artifact at the end of its walk.</summary>
/// <param name="Content">The bytes.</param>
/// <param name="Record">What is proven of them.</param>
/// <param name="WasHere">Whether this silo, or its region's shared store, had it already.</param>
internal sealed record OpenedArtifact(ArtifactContent Content, ModuleRecord Record, bool WasHere) : IDisposable
{
    public void Dispose() => Content.Dispose();
}
