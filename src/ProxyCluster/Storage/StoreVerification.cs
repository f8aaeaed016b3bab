using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Storage;

/// <summary>One thing that is wrong in a store.</summary>
/// <param name="File">The file, relative to the data directory.</param>
/// <param name="What">A sentence about it.</param>
internal readonly record struct StoreFault(string File, string What);

/// <summary>What a walk over the store has seen so far.</summary>
/// <param name="Records">Module versions checked.</param>
/// <param name="Artifacts">Artifacts read and hashed.</param>
/// <param name="Bytes">Bytes in them.</param>
/// <param name="Problems">Problems found.</param>
internal readonly record struct StoreProgress(long Records, long Artifacts, long Bytes, long Problems);

/// <summary>What checking one record showed: the artifacts that do not match it, and all problems in words.</summary>
internal sealed record RecordCheck(
    ModuleRecord? Record, int Artifacts, long Bytes, IReadOnlyList<DamagedArtifact> Damaged, IReadOnlyList<StoreFault> Problems);

/// <summary>An artifact that does not match its record.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="Stored">What the record says of it.</param>
/// <param name="Stamp">The file that was looked at.</param>
internal readonly record struct DamagedArtifact(ArtifactKind Kind, StoredArtifact Stored, FileStamp Stamp);

/// <summary>
/// Proves the store again, from the files alone: every record is read, every artifact that it names is hashed and held
/// against its SHA-256, its h1 and the proof that the record carries. Bytes that no record names are not a problem: a
/// process that was killed leaves them, nobody can see them, and the next commit replaces them.
/// </summary>
internal sealed class StoreVerification(DataTree tree)
{
    /// <summary>Walks the whole store. Problems are reported as they are found.</summary>
    /// <param name="keys">Verifier keys by database name; a proof by another database is checked as far as possible without.</param>
    /// <param name="onProblem">Told about each problem.</param>
    /// <param name="onDamaged">Told about each record of which something is damaged, after its problems.</param>
    /// <param name="onProgress">Told after each record.</param>
    /// <param name="cancel">Ends the walk.</param>
    public async Task<StoreProgress> RunAsync(
        IReadOnlyDictionary<string, VerifierKey> keys,
        Action<StoreFault> onProblem,
        Action<RecordCheck> onDamaged,
        Action<StoreProgress> onProgress,
        CancellationToken cancel)
    {
        var seen = default(StoreProgress);
        foreach (var file in tree.RecordFiles())
        {
            cancel.ThrowIfCancellationRequested();
            var check = await CheckAsync(file, keys, cancel);
            foreach (var problem in check.Problems)
                onProblem(problem);
            if (check.Damaged.Count > 0)
                onDamaged(check);
            seen = new StoreProgress(
                seen.Records + 1,
                seen.Artifacts + check.Artifacts,
                seen.Bytes + check.Bytes,
                seen.Problems + check.Problems.Count);
            onProgress(seen);
        }

        return seen;
    }

    /// <summary>Checks one record file and everything that it names.</summary>
    public async Task<RecordCheck> CheckAsync(
        string file, IReadOnlyDictionary<string, VerifierKey> keys, CancellationToken cancel)
    {
        var name = Path.GetRelativePath(tree.Root, file);
        var problems = new List<StoreFault>();
        RecordCheck Checked(ModuleRecord? record, int artifacts = 0, long bytes = 0, IReadOnlyList<DamagedArtifact>? damaged = null) =>
            new(record, artifacts, bytes, damaged ?? [], problems);

        ModuleRecord? record;
        string? error;
        try
        {
            using var json = DiskFile.OpenOrNull(file);
            if (json is null)
                return Checked(null); // deleted since it was listed
            record = RecordFile.ParseOrNull(DiskFile.ReadAll(json, DiskFile.StampOf(json).Length), out error);
        }
        catch (StoreException e)
        {
            problems.Add(new StoreFault(name, e.Message));
            return Checked(null);
        }

        if (record is null || tree.RecordPath(record.Module) != file)
        {
            problems.Add(new StoreFault(name, error ?? $"the record is about {record?.Module}, which belongs elsewhere"));
            return Checked(null);
        }

        if (ProofFaultOrNull(record, keys) is { } fault)
            problems.Add(new StoreFault(name, fault));

        var damaged = new List<DamagedArtifact>();
        var (artifacts, bytes) = (0, 0L);
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            if (record.ArtifactOrNull(kind) is not { } stored || IsEvicted(record.Module, kind, stored))
                continue;

            artifacts++;
            bytes += stored.Size;
            var (wrong, stamp) = await ArtifactFaultOrNullAsync(record, kind, stored, cancel);
            if (wrong is null)
                continue;

            if (stamp is { } its)
                damaged.Add(new DamagedArtifact(kind, stored, its));
            problems.Add(new StoreFault(Path.ChangeExtension(name, DataTree.Ending(kind)), wrong));
        }

        return Checked(record, artifacts, bytes, damaged);
    }

    private bool IsEvicted(ModuleVersion module, ArtifactKind kind, StoredArtifact stored) =>
        stored.Evicted is not null && !File.Exists(tree.ArtifactPath(module, kind));

    // With the stamp of the file where that is to be set aside: it was read, and is not what the record says.
    private async Task<(string? Fault, FileStamp? Damaged)> ArtifactFaultOrNullAsync(
        ModuleRecord record, ArtifactKind kind, StoredArtifact stored, CancellationToken cancel)
    {
        FileStamp? stamp = null;
        try
        {
            using var file = DiskFile.OpenOrNull(tree.ArtifactPath(record.Module, kind));
            if (file is null)
                return ("the record names it, but it is not there", null);

            stamp = DiskFile.StampOf(file);
            return await ContentFaultOrNullAsync(record, kind, stored, file, stamp.Value.Length, cancel) is { } fault ? (fault, stamp) : default;
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            return (e.Message, StoreException.IsLostData(e) ? stamp : null);
        }
    }

    private static async Task<string?> ContentFaultOrNullAsync(
        ModuleRecord record, ArtifactKind kind, StoredArtifact stored, SafeFileHandle file, long length, CancellationToken cancel)
    {
        if (length != stored.Size)
            return $"it has {length} bytes, the record says {stored.Size}";

        if (await DiskFile.HashAsync(file, cancel) is var sha && sha != stored.Sha256)
            return $"its SHA-256 is {sha}, the record says {stored.Sha256}";

        return kind == ArtifactKind.Info ? null : H1FaultOrNull(record, kind, file, cancel);
    }

    private static string? H1FaultOrNull(ModuleRecord record, ArtifactKind kind, SafeFileHandle file, CancellationToken cancel)
    {
        using var content = new FileStream(file, FileAccess.Read, 1 << 16);
        string? h1;
        if (kind == ArtifactKind.Mod)
        {
            var bytes = new byte[content.Length];
            content.ReadExactly(bytes);
            h1 = ModuleHash.OfGoMod(bytes);
        }
        else
        {
            if (!ZipDirectory.TryOpen(content, ZipLimits.Default, out var zip, out var error))
                return error;
            if (!ModuleHash.TryOfZip(zip, out h1, out var fault, cancel))
                return fault.ToString();
        }

        var proven = kind == ArtifactKind.Mod ? record.GoModH1 : record.ZipH1;
        return h1 == proven ? null : $"its h1 is {h1}, the record says {proven ?? "nothing"}";
    }

    private static string? ProofFaultOrNull(ModuleRecord record, IReadOnlyDictionary<string, VerifierKey> keys)
    {
        if (record.VerifiedBy is null)
            return record.Mod is null && record.Zip is null ? null : "it names a .mod or .zip that nothing verified";

        foreach (var kind in (ReadOnlySpan<ArtifactKind>)[ArtifactKind.Zip, ArtifactKind.Mod])
        {
            if (record.H1Of(kind) is not { } h1)
                continue;
            if (record.VerifiedByOf(kind) is not { } by)
                return $"its {(kind == ArtifactKind.Zip ? "zip" : "go.mod")} h1 {h1} is not what its proof is about";
            if (by.Proof is { } proof && keys.TryGetValue(proof.Database, out var key) && proof.Verify(key) is { } fault)
                return $"its proof does not hold: {fault}";
        }

        return null;
    }
}
