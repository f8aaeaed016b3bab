using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.Audit;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Rulings;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// The artifacts of this silo, on a local file system.
/// <para>
/// <b>Commit.</b> Bytes first, record last: the artifact is written to <c>tmp</c>, flushed, renamed into place, and its
/// directory flushed; then the record is written the same way. Until the record names it, an artifact does not exist, so
/// a process killed between the two leaves bytes that nobody can see and the next commit replaces. Commits of one module
/// version exclude each other, and the first one wins (<see cref="RecordMerge"/>).
/// </para>
/// <para>
/// <b>Reading.</b> Nothing is served that this process has not hashed: a small artifact when it enters the memory cache,
/// a large one at its first use, and again whenever the file's length or modification time changed. That is one piece of
/// work for all who ask meanwhile, under the node's lifetime and no lock. What it shows counts only if the file and its
/// record are still those that it was about; then what does not match is moved to <c>quarantine</c> and treated as absent,
/// so it is fetched again and must match the record.
/// </para>
/// <para>
/// <b>Rulings.</b> A record that an operator's order makes void (<see cref="Ruling.Voids"/>) counts as absent, and goes when its
/// place is needed.
/// </para>
/// <para>
/// <b>A disk that fails</b> is a <see cref="StoreException"/> to every caller, never absence; only a file whose data it has
/// lost is damaged like any other, and is fetched again. What becomes of a record that cannot be read, <see cref="DiskRecords"/>
/// says.
/// </para>
/// <para>
/// <b>Not promised.</b> That a commit survives a power cut when <see cref="StorageOptions.Flush"/> is off. It costs one
/// more fetch, never a wrong byte. A data base was the road not taken: it would put a second copy of the truth beside
/// the files, and operators can read, copy and restore a tree of files. Another: files named by their content, with the
/// names of the GOPROXY tree as hard links. It would spare the look at the present record before something is set aside,
/// and little else: sizes must be counted under a lock all the same. In return every artifact has two names to flush,
/// to count and to remove, a copied or restored tree weighs double, and file systems without hard links are out.
/// </para>
/// </summary>
internal sealed partial class DiskStore(
    DataTree tree,
    HotCache cache,
    StoreIndex index,
    Quarantine quarantine,
    DiskRecords records,
    SpaceAlarm alarm,
    IFlush flush,
    RulingBook rulings,
    IOptions<StorageOptions> options,
    ProxyMetrics metrics,
    TimeProvider clock,
    ILogger<DiskStore> logger,
    IHostApplicationLifetime? lifetime = null,
    AuditLog? audit = null)
{
    // One for each module version, for everything that changes it and for what is concluded from reading it.
    private readonly KeyedLock<ModuleVersion> _changes = new();

    // Verbs have no host, and end when they are done.
    private readonly JoinedTasks<(ModuleVersion Module, ArtifactKind Kind, StoredArtifact Stored), HotArtifact?> _checks =
        new(lifetime?.ApplicationStopped ?? CancellationToken.None);

    /// <summary>Hashes a large file; a test puts one in its place that waits.</summary>
    internal Func<SafeFileHandle, CancellationToken, ValueTask<Digest>> Hash { get; init; } = DiskFile.HashAsync;

    /// <summary>An artifact's key in the memory cache: its path in a URL.</summary>
    public static string KeyOf(ModuleVersion module, ArtifactKind kind) =>
        $"{module.Path.Escaped}/{DataTree.VersionsName}/{module.EscapedVersion}{DataTree.Ending(kind)}";

    /// <summary>What is proven and stored of a module version; null when nothing is.</summary>
    /// <exception cref="StoreException">The record is there and cannot be read now, or not by this program.</exception>
    public ModuleRecord? FindRecordOrNull(ModuleVersion module) =>
        records.FindOrNull(module) is { } record && !record.IsVoid(rulings) ? record : null;

    /// <summary>
    /// Opens an artifact that <paramref name="record"/> names, after making sure that its bytes still match. Null when
    /// they are gone or damaged, and when the record is not the present one any more. <paramref name="cancel"/> ends the
    /// wait, not the work.
    /// </summary>
    /// <exception cref="StoreException">The disk cannot be read now.</exception>
    public async ValueTask<ArtifactContent?> OpenReadOrNullAsync(
        ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        if (record.ArtifactOrNull(kind) is not { } stored)
            return null;

        if (cache.FindOrNull(KeyOf(record.Module, kind)) is { } hot && hot.Stored == stored && TryOpen(hot, out var content))
            return content;

        // Sixteen downloads that start together after a restart hash a large zip once. Nobody holds a file while waiting.
        return await _checks.RunAsync((record.Module, kind, stored), CheckAsync, cancel) is { } found && TryOpen(found, out content)
            ? content
            : null;
    }

    /// <summary>
    /// Opens a cached artifact; false when its file changed since it was hashed, and must be checked again, or cannot be
    /// opened, which whoever checks it is told. Hot path for large artifacts: one open, one fstat.
    /// </summary>
    public static bool TryOpen(HotArtifact hot, [NotNullWhen(true)] out ArtifactContent? content)
    {
        content = null;
        if (hot.Body is not null)
        {
            content = new ArtifactContent(hot, null);
            return true;
        }

        SafeFileHandle? file = null;
        try
        {
            file = DiskFile.OpenOrNull(hot.File);
            if (file is not null && DiskFile.StampOf(file) == hot.Stamp)
                content = new ArtifactContent(hot, file);
        }
        catch (StoreException)
        {
            // Said by false.
        }

        if (content is null)
            file?.Dispose();
        return content is not null;
    }

    /// <summary>
    /// Does the record name <paramref name="kind"/>, and is a file of its size there? A look, not a check of content; what
    /// cannot be looked at is not there.
    /// </summary>
    public bool HasBytes(ModuleRecord record, ArtifactKind kind) =>
        record.ArtifactOrNull(kind) is { } stored
        && new FileInfo(tree.ArtifactPath(record.Module, kind)) is { Exists: true } file
        && file.Length == stored.Size;

    /// <summary>A temporary file for an artifact that is being fetched.</summary>
    /// <exception cref="StoreException">The disk is full or broken.</exception>
    public IncomingArtifact CreateIncoming(ArtifactKind kind) => new(tree.NewTemporary(LabelOf(kind)), alarm);

    /// <summary>
    /// Stores <paramref name="incoming"/> as the <paramref name="kind"/> that <paramref name="proposal"/> names, unless
    /// somebody was first. With a null <paramref name="incoming"/> only what is proven is added to the record.
    /// </summary>
    /// <exception cref="StoreException">The disk is full or broken; nothing became visible.</exception>
    public async Task<CommitResult> CommitAsync(
        ModuleRecord proposal, ArtifactKind kind, IncomingArtifact? incoming, CancellationToken cancel)
    {
        try
        {
            // A large zip takes its time, and nothing else of its module version need wait for that.
            incoming?.Flush(flush);
            using var held = await _changes.TakeAsync(proposal.Module, cancel);
            return Commit_NeedsLock(proposal, kind, incoming);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            if (StoreException.IsNoSpace(e))
                alarm.DiskFull();
            throw new StoreException($"committing {proposal.Module} failed: {e.Message}", e);
        }
    }

    private CommitResult Commit_NeedsLock(ModuleRecord proposal, ArtifactKind kind, IncomingArtifact? incoming)
    {
        var module = proposal.Module;
        var path = tree.ArtifactPath(module, kind);
        if (proposal.UnacceptedOrNull(rulings) is { } unaccepted)
        {
            metrics.Conflicts.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
            Log.Conflict(logger, unaccepted);
            NoteConflict(module, kind, unaccepted);
            return new CommitResult(CommitStatus.Conflict, proposal, unaccepted);
        }

        var current = records.ReadOrNull(module, out var damage);
        if (current?.IsVoid(rulings) == true)
        {
            Log.Void(logger, module.Path.Value, module.Version);
            Delete_NeedsLock(module);
            current = null;
        }

        var bytesLost = current?.ArtifactOrNull(kind) is not null && !HasBytes(current, kind);
        var result = RecordMerge.Merge(current, proposal, kind, bytesLost);
        if (result.Status == CommitStatus.Conflict)
        {
            metrics.Conflicts.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
            Log.Conflict(logger, result.Conflict ?? "");
            NoteConflict(module, kind, result.Conflict);
            return result;
        }

        // Whoever commits is about to open it: not the moment to evict it.
        var key = KeyOf(module, kind);
        index.FindOrNull(key, kind)?.Use(kind);
        if (result.Status == CommitStatus.AlreadyStored)
            return result;

        var directory = Path.GetDirectoryName(path)!;
        CreateDirectory(directory);
        var offered = proposal.ArtifactOrNull(kind);
        HotArtifact? hashed = null;
        if (incoming is not null && offered is not null && result.Record.ArtifactOrNull(kind) == offered)
        {
            var stamp = incoming.MoveTo(path);
            flush.Directory(directory);
            index.Stored(key, kind, offered.Size);
            metrics.Commits.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));

            // Just hashed on its way in, so the first reader need not do it again.
            if (offered.Size > options.Value.MemoryMaxArtifactBytes)
                hashed = new HotArtifact(offered, kind, path, stamp, null, index.Opened(key, kind, offered.Size));
        }

        if (damage is not null)
            quarantine.TakeOrNull(tree.RecordPath(module), module);
        records.Write(result.Record, flush);
        if (hashed is not null)
            cache.Add(key, hashed);
        if (index.Taken + index.Beside > options.Value.MaxBytes)
            alarm.Ring();
        return result;
    }

    /// <summary>
    /// Moves an artifact out of the way that was found not to match its record, unless file or record have changed since.
    /// The record keeps naming it, so the next fetch must bring the same content.
    /// </summary>
    /// <exception cref="StoreException">It cannot be moved.</exception>
    public async Task QuarantineAsync(ModuleVersion module, DamagedArtifact damaged, string why, CancellationToken cancel)
    {
        using var held = await _changes.TakeAsync(module, cancel);
        if (IsPresent_NeedsLock(module, damaged.Kind, damaged.Stored, damaged.Stamp))
            Quarantine_NeedsLock(module, damaged.Kind, why);
    }

    /// <summary>Writes, reads, compares and deletes a small file: does the disk still do its work?</summary>
    /// <exception cref="IOException">It does not.</exception>
    public void Probe()
    {
        if (tree.IsReadOnly)
        {
            tree.CheckFormat();
            return;
        }

        var path = tree.NewTemporary("probe");
        var written = RandomNumberGenerator.GetBytes(64);
        try
        {
            File.WriteAllBytes(path, written);
            if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(written))
                throw new IOException($"{tree.Temporary} returned other bytes than were written");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task<HotArtifact?> CheckAsync(
        (ModuleVersion Module, ArtifactKind Kind, StoredArtifact Stored) asked, CancellationToken cancel)
    {
        var (module, kind, stored) = asked;
        var path = tree.ArtifactPath(module, kind);
        var key = KeyOf(module, kind);

        // 1. What the file is. Commits, evictions and other readers go on meanwhile.
        var (stamp, body, sha, unread) = (default(FileStamp?), default(byte[]), default(Digest), "");
        using (var file = DiskFile.OpenOrNull(path))
        {
            stamp = file is null ? null : DiskFile.StampOf(file);
            if (stamp?.Length == stored.Size)
            {
                try
                {
                    sha = stored.Size > options.Value.MemoryMaxArtifactBytes
                        ? await Hash(file!, cancel)
                        : Digest.Of(body = DiskFile.ReadAll(file!, stored.Size));
                }
                catch (StoreException e) when (StoreException.IsLostData(e))
                {
                    unread = $": {e.Message}";
                }
            }
        }

        // 2. What follows from that, if it is still so. Who was told of another record asks again.
        using var held = await _changes.TakeAsync(module, cancel);
        if (!IsPresent_NeedsLock(module, kind, stored, stamp))
            return null;

        if (stamp is not { } its)
        {
            // Taken away by somebody else.
            cache.Remove(key);
            index.Gone(key, kind);
            return null;
        }

        if (sha != stored.Sha256)
        {
            Quarantine_NeedsLock(module, kind, $"{its.Length} bytes with SHA-256 {sha}, not {stored.Size} with {stored.Sha256}{unread}");
            return null;
        }

        var hot = new HotArtifact(stored, kind, path, its, body, index.Opened(key, kind, stored.Size));
        hot.Use();
        cache.Add(key, hot);
        return hot;
    }

    // Does the present record say this of the artifact, and is its file as it was seen (null: not there)?
    private bool IsPresent_NeedsLock(
        ModuleVersion module, ArtifactKind kind, StoredArtifact stored, FileStamp? seen) =>
        FindRecordOrNull(module)?.ArtifactOrNull(kind) == stored && DiskFile.StampOrNull(tree.ArtifactPath(module, kind)) == seen;

    private void Quarantine_NeedsLock(ModuleVersion module, ArtifactKind kind, string why)
    {
        var key = KeyOf(module, kind);
        cache.Remove(key);
        var aside = quarantine.TakeOrNull(tree.ArtifactPath(module, kind), module);
        index.Gone(key, kind);
        if (aside is null)
            return;

        metrics.Quarantined.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
        Log.Quarantined(logger, module.Path.Value, module.Version, LabelOf(kind), why, aside);
        audit?.Note(AuditEvent.Integrity(clock.GetUtcNow(), "quarantined", module, kind, null, why));
    }

    private void NoteConflict(ModuleVersion module, ArtifactKind kind, string? why) =>
        audit?.Note(AuditEvent.Integrity(clock.GetUtcNow(), "conflict", module, kind, null, why ?? ""));

    // The name of a new directory lies in its parent, and so on up to the first that was there.
    private void CreateDirectory(string directory)
    {
        var parents = new Stack<string>();
        for (var missing = directory; !Directory.Exists(missing); missing = parents.Peek())
            parents.Push(Path.GetDirectoryName(missing)!);
        Directory.CreateDirectory(directory);
        foreach (var parent in parents)
            flush.Directory(parent);
    }

    internal static string LabelOf(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => "info",
        ArtifactKind.Mod => "mod",
        _ => "zip",
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "What was stored of {Module}@{Version} is void by an operator's order and was deleted")]
        public static partial void Void(ILogger logger, string module, string version);

        [LoggerMessage(LogLevel.Warning, "Stored {Artifact} of {Module}@{Version} could not be evicted: {Reason}")]
        public static partial void NotEvicted(ILogger logger, string module, string version, string artifact, string reason);

        [LoggerMessage(LogLevel.Warning, "Eviction of {Artifact} of {Module}@{Version} could not be noted in its record: {Reason}")]
        public static partial void EvictionNotNoted(ILogger logger, string module, string version, string artifact, string reason);

        [LoggerMessage(LogLevel.Error, "Integrity conflict, nothing was changed: {Conflict}")]
        public static partial void Conflict(ILogger logger, string conflict);

        [LoggerMessage(LogLevel.Error,
            "Stored {Artifact} of {Module}@{Version} no longer matched its record ({Reason}) and was moved to {Quarantine}")]
        public static partial void Quarantined(
            ILogger logger, string module, string version, string artifact, string reason, string quarantine);
    }
}
