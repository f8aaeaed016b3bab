using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
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
/// a large one at its first use, and again whenever the file's length or modification time changed. What does not match
/// its record is moved to <c>quarantine</c> and treated as absent, so it is fetched again and must match the record.
/// </para>
/// <para>
/// <b>Not promised.</b> That a commit survives a power cut when <see cref="StorageOptions.Flush"/> is off. It costs one
/// more fetch, never a wrong byte. A data base was the road not taken: it would put a second copy of the truth beside
/// the files, and operators can read, copy and restore a tree of files.
/// </para>
/// </summary>
internal sealed partial class DiskStore(
    DataTree tree,
    HotCache cache,
    StoreIndex index,
    SpaceAlarm alarm,
    IFlush flush,
    IOptions<StorageOptions> options,
    ProxyMetrics metrics,
    TimeProvider clock,
    ILogger<DiskStore> logger)
{
    private readonly KeyedLock<ModuleVersion> _commits = new();

    /// <summary>An artifact's key in the memory cache: its path in a URL.</summary>
    public static string KeyOf(ModuleVersion module, ArtifactKind kind) =>
        $"{module.Path.Escaped}/@v/{module.EscapedVersion}{DataTree.Ending(kind)}";

    /// <summary>What is proven and stored of a module version; null when nothing is.</summary>
    public ModuleRecord? FindRecordOrNull(ModuleVersion module)
    {
        byte[] json;
        try
        {
            json = File.ReadAllBytes(tree.RecordPath(module));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        var record = RecordFile.ParseOrNull(json, out var error);
        if (record is not null && record.Module == module)
            return record;

        // A record that cannot be read names nothing: the artifacts are fetched and proven again.
        Log.RecordUnreadable(logger, module.Path.Value, module.Version, error ?? $"it is about {record?.Module}");
        return null;
    }

    /// <summary>
    /// Opens an artifact that <paramref name="record"/> names, after making sure that its bytes still match. Null when
    /// they are gone or damaged.
    /// </summary>
    public async ValueTask<ArtifactContent?> OpenReadOrNullAsync(
        ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        if (record.ArtifactOrNull(kind) is not { } stored)
            return null;

        var key = KeyOf(record.Module, kind);
        return cache.FindOrNull(key) is { } hot && hot.Stored == stored && TryOpen(hot, out var content)
            ? content
            : await OpenCheckedOrNullAsync(record.Module, kind, stored, key, cancel);
    }

    /// <summary>
    /// Opens a cached artifact; false when its file changed since it was hashed, and it must be checked again. Hot path
    /// for large artifacts: one open, one fstat.
    /// </summary>
    public static bool TryOpen(HotArtifact hot, out ArtifactContent? content)
    {
        if (hot.Body is not null)
        {
            content = new ArtifactContent(hot, null);
            return true;
        }

        content = null;
        var file = OpenOrNull(hot.File);
        if (file is null)
            return false;

        if (StampOf(file) == hot.Stamp)
        {
            content = new ArtifactContent(hot, file);
            return true;
        }

        file.Dispose();
        return false;
    }

    /// <summary>
    /// Does the record name <paramref name="kind"/>, and is a file of its size there? A look, not a check of content.
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
        using var held = await _commits.TakeAsync(proposal.Module, cancel);
        try
        {
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
        var current = FindRecordOrNull(module);
        var bytesLost = current?.ArtifactOrNull(kind) is not null && !HasBytes(current, kind);
        var result = RecordMerge.Merge(current, proposal, kind, bytesLost);
        if (result.Status == CommitStatus.Conflict)
        {
            metrics.Conflicts.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
            Log.Conflict(logger, result.Conflict ?? "");
            return result;
        }

        // Whoever commits is about to open it: not the moment to evict it.
        index.FindOrNull(KeyOf(module, kind), kind)?.Use(kind);
        if (result.Status == CommitStatus.AlreadyStored)
            return result;

        var directory = Path.GetDirectoryName(path)!;
        CreateDirectory(directory);
        var offered = proposal.ArtifactOrNull(kind);
        if (incoming is not null && offered is not null && result.Record.ArtifactOrNull(kind) == offered)
        {
            incoming.MoveTo(path, flush);
            flush.Directory(directory);
            index.Stored(KeyOf(module, kind), kind, offered.Size);
            metrics.Commits.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
            if (offered.Size > options.Value.MemoryMaxArtifactBytes)
                RememberHashed(module, kind, offered, path);
        }

        WriteRecord(result.Record, flush);
        if (index.Bytes > options.Value.MaxBytes)
            alarm.Ring();
        return result;
    }

    /// <summary>
    /// Moves an artifact that does not match its record out of the way. Its record keeps naming it, so the next fetch
    /// must bring the same content.
    /// </summary>
    public void Quarantine(ModuleVersion module, ArtifactKind kind, string why)
    {
        cache.Remove(KeyOf(module, kind));
        var aside = tree.NewQuarantine(module, kind, clock.GetUtcNow());
        try
        {
            File.Move(tree.ArtifactPath(module, kind), aside);
        }
        catch (FileNotFoundException)
        {
            return;
        }

        index.Gone(KeyOf(module, kind), kind);
        metrics.Quarantined.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
        Log.Quarantined(logger, module.Path.Value, module.Version, LabelOf(kind), why, aside);
    }

    /// <summary>Writes, reads, compares and deletes a small file: does the disk still take data?</summary>
    /// <exception cref="IOException">It does not.</exception>
    public void Probe()
    {
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

    private async ValueTask<ArtifactContent?> OpenCheckedOrNullAsync(
        ModuleVersion module, ArtifactKind kind, StoredArtifact stored, string key, CancellationToken cancel)
    {
        var path = tree.ArtifactPath(module, kind);
        var file = OpenOrNull(path);
        if (file is null)
            return null;

        var stamp = StampOf(file);
        byte[]? body = null;
        var sha = default(Digest);
        if (stamp.Length == stored.Size)
        {
            if (stored.Size <= options.Value.MemoryMaxArtifactBytes)
            {
                body = new byte[stored.Size];
                sha = RandomAccess.Read(file, body, 0) == body.Length ? Digest.Of(body) : default;
            }
            else
            {
                // One at a time: sixteen downloads that start together after a restart hash a large zip once.
                using var held = await _commits.TakeAsync(module, cancel);
                if (cache.FindOrNull(key) is { } hashed && hashed.Stored == stored && hashed.Stamp == stamp)
                    return new ArtifactContent(hashed, file);

                sha = await HashAsync(file, cancel);
            }
        }

        if (stamp.Length != stored.Size || sha != stored.Sha256)
        {
            file.Dispose();
            Quarantine(module, kind, $"{stamp.Length} bytes with SHA-256 {sha}, not {stored.Size} with {stored.Sha256}");
            return null;
        }

        var hot = new HotArtifact(kind, stored, path, stamp, body, index.Opened(key, kind, stored.Size));
        hot.Use();
        cache.Add(key, hot);
        if (body is null)
            return new ArtifactContent(hot, file);

        file.Dispose();
        return new ArtifactContent(hot, null);
    }

    // Just hashed on its way in, so the first reader need not do it again.
    private void RememberHashed(ModuleVersion module, ArtifactKind kind, StoredArtifact stored, string path)
    {
        using var file = OpenOrNull(path);
        if (file is not null)
        {
            var key = KeyOf(module, kind);
            cache.Add(key, new HotArtifact(kind, stored, path, StampOf(file), null, index.Opened(key, kind, stored.Size)));
        }
    }

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

    private void WriteRecord(ModuleRecord record, IFlush flush)
    {
        var temporary = tree.NewTemporary("record");
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, RecordFile.Write(record), 0);
                flush.File(file);
            }

            var path = tree.RecordPath(record.Module);
            File.Move(temporary, path, overwrite: true);
            flush.Directory(Path.GetDirectoryName(path)!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    internal static async ValueTask<Digest> HashAsync(SafeFileHandle file, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (long offset = 0; ;)
            {
                var read = await RandomAccess.ReadAsync(file, buffer, offset, cancel);
                if (read == 0)
                    break;
                hash.AppendData(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var digest = new byte[Digest.Size];
        hash.GetHashAndReset(digest);
        return new Digest(digest);
    }

    internal static SafeFileHandle? OpenOrNull(string path)
    {
        try
        {
            return File.OpenHandle(path, options: FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static FileStamp StampOf(SafeFileHandle file) => new(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file));

    internal static string LabelOf(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => "info",
        ArtifactKind.Mod => "mod",
        _ => "zip",
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Record of {Module}@{Version} could not be read and counts as absent: {Reason}")]
        public static partial void RecordUnreadable(ILogger logger, string module, string version, string reason);

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
