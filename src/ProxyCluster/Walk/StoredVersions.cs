using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Queries;
using ProxyCluster.Storage;

namespace ProxyCluster.Walk;

/// <summary>
/// The store's own answers to a module's list and <c>@latest</c>.
/// <para>
/// A version counts as stored where all three of its artifacts are here, proven as today's policy demands, or were and the
/// region's shared store keeps them: with one missing, and nowhere to fetch it from, a list that names the version has
/// <c>go get</c> fail where it would do without. What only other silos have stored they are asked for, as far as it was listed
/// before (<see cref="QueryWalk"/>).
/// </para>
/// </summary>
internal sealed class StoredVersions(ModuleGate gate, DiskStore store, RegionalStore shared)
{
    private static readonly ArtifactKind[] All = [ArtifactKind.Info, ArtifactKind.Mod, ArtifactKind.Zip];

    /// <summary>The stored versions of the module that is asked about, save those that <paramref name="known"/> has.</summary>
    public List<ModuleVersion> Find(Ask ask, Func<string, bool> known)
    {
        try
        {
            return [.. store.VersionsOf(ask.What.Query.Path).Where(module => !known(module.Version) && IsWhole(ask, module))];
        }
        catch (StoreException)
        {
            return []; // what cannot be read now cannot be served either
        }
    }

    /// <summary>The body of a list or <c>@latest</c> that is made of nothing but stored versions; null where it cannot be.</summary>
    public async Task<byte[]?> AnswerOrNullAsync(Ask ask, CancellationToken cancel)
    {
        var query = ask.What.Query;
        if (query.Kind == QueryKind.Revision || Find(ask, static _ => false) is not { Count: > 0 } stored)
            return null;

        var tagged = stored.Select(static module => module.Version).Where(static version => !PseudoVersion.IsPseudo(version)).ToList();
        if (query.Kind == QueryKind.List)
            return VersionList.Write(tagged);

        var byVersion = stored.ToDictionary(static module => module.Version, StringComparer.Ordinal);
        var pseudo = stored.Where(static module => PseudoVersion.IsPseudo(module.Version)).Select(static module => (module.Version, VersionList.TimeOf(module.Version)));
        var goMod = VersionList.DecidingOrNull(tagged) is { } deciding ? await ReadOrNullAsync(byVersion[deciding], ArtifactKind.Mod, cancel) : null;
        return VersionList.LatestOrNull(query.Path, tagged, pseudo, goMod) is { } latest
            ? await ReadOrNullAsync(byVersion[latest], ArtifactKind.Info, cancel)
            : null;
    }

    private bool IsWhole(Ask ask, ModuleVersion module) =>
        gate.WhyNotNamedOrNull(ask, module, "", RecordOrNull) is null
        && RecordOrNull(module) is { } record
        && All.All(kind =>
            record.ArtifactOrNull(kind) is not null
            && (shared.Blobs is not null || store.HasBytes(record, kind))
            && gate.Judge(ask.About(ProxyPath.ToArtifact(module, kind)), record).IsProven);

    private async Task<byte[]?> ReadOrNullAsync(ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        try
        {
            if (RecordOrNull(module) is not { } record || await store.OpenStreamOrNullAsync(record, kind, cancel) is not { } stream)
                return null;

            await using (stream)
            {
                using var bytes = new MemoryStream();
                await stream.CopyToAsync(bytes, cancel);
                return bytes.ToArray();
            }
        }
        catch (StoreException)
        {
            return null; // as in Find
        }
    }

    /// <summary>A stored record. One that cannot be read now is no reason to forget the others.</summary>
    public ModuleRecord? RecordOrNull(ModuleVersion module)
    {
        try
        {
            return store.FindRecordOrNull(module);
        }
        catch (StoreException)
        {
            return null;
        }
    }
}
