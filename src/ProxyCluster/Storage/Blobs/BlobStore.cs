using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Rulings;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// The artifacts of a region, in a container of Azure Blob Storage.
/// <para>
/// <b>Commit.</b> Bytes first, record last: bytes go to a name that carries their digest, a large zip in blocks that
/// become a blob in one step; then the record is written under the condition that it is still the one that was read
/// (its entity tag), or still absent. Whoever loses that race reads the winner's record and merges into it
/// (<see cref="RecordMerge"/>), so the first commit wins without any lock, and what differs is a conflict. A commit that
/// breaks off leaves bytes that no record names, or blocks that the service drops after a week.
/// </para>
/// <para>
/// <b>Reading</b> proves nothing by itself: whoever reads holds the bytes against the record and the record against its
/// proof. Nothing is removed by reading; whoever brings sound bytes <see cref="DiscardAsync">discards</see> the others first.
/// </para>
/// <para>
/// <b>Not promised.</b> That bytes of commits that broke off or lost the race are ever collected; no reader sees them. A lease
/// per module version was the road not taken: it would have to be renewed, and waited for when its holder dies.
/// </para>
/// </summary>
internal sealed partial class BlobStore(
    BlobContainerClient container, BlobStoreOptions options, RulingBook rulings, ProxyMetrics metrics, ILogger<BlobStore> logger) : IArtifactStore
{
    private const int MaxMerges = 32;

    // A record with a proof of 64 hashes has some ten thousand bytes.
    private const int MaxRecordBytes = 1 << 20;

    private readonly BlobNames _names = new(options.Prefix);
    private readonly BlobUpload _upload = new(container, options.BlockBytes);

    /// <inheritdoc/>
    public string Name { get; } = BlobCall.NameOf(container);

    /// <summary>False where the service could not hold its name; such a module version is not shared.</summary>
    public bool Fits(ModuleVersion module) => _names.Fits(module);

    /// <inheritdoc/>
    public async ValueTask<ModuleRecord?> FindRecordOrNullAsync(ModuleVersion module, CancellationToken cancel) =>
        Fits(module) && (await ReadRecordAsync(_names.Record(module), module, cancel)).Record is { } record && !record.IsVoid(rulings) ? record : null;

    /// <inheritdoc/>
    async ValueTask<Stream?> IArtifactStore.OpenStreamOrNullAsync(
        ModuleRecord record, ArtifactKind kind, CancellationToken cancel) => await OpenOrNullAsync(record, kind, cancel);

    /// <summary>As <see cref="IArtifactStore.OpenStreamOrNullAsync"/>; says in addition which blob it is.</summary>
    public async ValueTask<BlobReadStream?> OpenOrNullAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        if (record.ArtifactOrNull(kind) is not { } stored || !Fits(record.Module))
            return null;

        var name = _names.Artifact(record.Module, kind, stored.Sha256);
        var (status, content) = await OpenAsync(name, cancel);
        return content ?? (status.IsAbsent ? null : throw Refused($"reading {name}", status));
    }

    /// <inheritdoc/>
    public Task<CommitResult> CommitAsync(
        ModuleRecord proposal, ArtifactKind kind, IncomingArtifact? incoming, CancellationToken cancel) =>
        CommitAsync(proposal, kind, incoming?.Content, cancel);

    /// <summary>The same with the bytes in a seekable stream.</summary>
    public async Task<CommitResult> CommitAsync(
        ModuleRecord proposal, ArtifactKind kind, Stream? content, CancellationToken cancel)
    {
        var module = proposal.Module;
        if (!Fits(module))
            throw new StoreException($"{module}: the name is too long for {Name}");

        if (proposal.UnacceptedOrNull(rulings) is { } unaccepted)
            return new CommitResult(CommitStatus.Conflict, proposal, unaccepted);
        var offered = content is null ? null : proposal.ArtifactOrNull(kind);
        proposal = proposal.WithOnly(kind, offered);
        var record = _names.Record(module);
        string? sent = null;
        for (var attempt = 0; attempt < MaxMerges; attempt++)
        {
            // 1. What is there, and would it take this?
            var (current, etag) = await ReadRecordAsync(record, module, cancel);
            if (current?.IsVoid(rulings) == true)
                current = null; // what it named stays behind, as after a lost race
            var stored = current?.ArtifactOrNull(kind);
            var bytesLost = stored is not null && !await HasBytesAsync(module, kind, stored, cancel);
            var result = RecordMerge.Merge(current, proposal, kind, bytesLost);
            if (result.Status == CommitStatus.Conflict)
            {
                metrics.Conflicts.Add(1, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(kind)));
                Log.Conflict(logger, Name, result.Conflict ?? "");
            }

            // 2. Bytes first.
            if (result.Status == CommitStatus.Committed && offered is not null && (stored is null || bytesLost) && sent is null)
            {
                sent = _names.Artifact(module, kind, offered.Sha256);
                if (await _upload.RunAsync(sent, offered, content!, cancel) is { IsSuccess: false } refusal)
                    throw Refused($"storing {sent}", refusal);
            }

            // 3. Record last, if it is still the one that was read.
            if (result.Status == CommitStatus.Committed)
            {
                var unchanged = etag is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new() { IfMatch = etag };
                var status = await PutAsync(record, RecordFile.Write(result.Record), unchanged, cancel);
                if (status.IsConditionLost)
                    continue;
                if (!status.IsSuccess)
                    throw Refused($"writing {record}", status);
            }

            return result;
        }

        throw new StoreException($"{record} in {Name} was written by others {MaxMerges} times in a row");
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ModuleRecord> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var name in NamesAsync(_names.Records, cancel))
        {
            if ((await ReadRecordAsync(name, null, cancel)).Record is { } record && _names.Record(record.Module) == name)
                yield return record;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(ModuleVersion module, CancellationToken cancel)
    {
        if (!Fits(module))
            return false;

        var wasThere = await DeleteBlobAsync(_names.Record(module), null, cancel);
        await foreach (var name in NamesAsync(_names.Artifacts(module), cancel))
            await DeleteBlobAsync(name, null, cancel);
        return wasThere;
    }

    /// <inheritdoc/>
    public async Task ProbeAsync(CancellationToken cancel)
    {
        if (await ProbeStatusAsync(cancel) is { IsSuccess: false } status)
            throw Refused("trying it", status);
    }

    /// <summary>Creates the container; a refusal too where it is there.</summary>
    /// <exception cref="StoreException">No answer.</exception>
    public async Task CreateContainerAsync(CancellationToken cancel) =>
        await container.AskAsync(container.CreateAsync(cancellationToken: cancel), cancel);

    /// <summary>The first refusal that a write, a read and a deletion met, or a success.</summary>
    /// <exception cref="StoreException">No answer, or other bytes than were written.</exception>
    public async Task<BlobStatus> ProbeStatusAsync(CancellationToken cancel)
    {
        var name = _names.NewProbe();
        var written = RandomNumberGenerator.GetBytes(64);
        var status = await PutAsync(name, written, null, cancel);
        if (!status.IsSuccess)
            return status;

        (status, var content) = await OpenAsync(name, cancel);
        if (content is null)
            return status;

        await using (content)
        {
            var read = new byte[written.Length];
            if (content.Length != read.Length || await ReadAsync(content, read, cancel) != read.Length || !read.AsSpan().SequenceEqual(written))
                throw new StoreException($"{Name} returned other bytes than were written");
        }

        return (await container.AskAsync(container.DeleteBlobAsync(name, cancellationToken: cancel), cancel)).Status;
    }

    /// <summary>
    /// Writes the list of what is here into one object, unless there is one of that time already, and removes the oldest beyond a number.
    /// </summary>
    /// <returns>False where somebody else wrote it.</returns>
    /// <exception cref="StoreException">No answer, or a refusal.</exception>
    public async Task<bool> WriteIndexAsync(string region, DateTimeOffset time, string head, int kept, CancellationToken cancel)
    {
        var name = _names.Index(region, time);
        var known = await NamesAsync(_names.Indexes(region), cancel).ToListAsync(cancel);
        if (known.Contains(name, StringComparer.Ordinal))
            return false;

        var bytes = await RegionIndex.WriteAsync(head, ModulesAsync(cancel));
        var status = await PutAsync(name, bytes, new() { IfNoneMatch = ETag.All }, cancel);
        if (status.IsConditionLost)
            return false;
        if (!status.IsSuccess)
            throw Refused($"writing {name}", status);

        foreach (var old in known.Append(name).Order(StringComparer.Ordinal).SkipLast(kept))
            await DeleteBlobAsync(old, null, cancel);
        return true;
    }

    /// <summary>
    /// Removes bytes that do not match their record, if they are still the same blob. The record keeps naming them, so the
    /// next commit must bring the same content.
    /// </summary>
    public async Task DiscardAsync(OpenBlob blob, string why, CancellationToken cancel)
    {
        if (await DeleteBlobAsync(blob.Name, new() { IfMatch = blob.ETag }, cancel))
            Log.Discarded(logger, blob.Name, Name, why);
    }

    private async Task<(ModuleRecord? Record, ETag? ETag)> ReadRecordAsync(
        string name, ModuleVersion? module, CancellationToken cancel)
    {
        var (status, content) = await OpenAsync(name, cancel);
        if (content is null)
            return status.IsAbsent ? (null, null) : throw Refused($"reading {name}", status);

        await using var closing = content;
        string? error;
        if (content.Length > MaxRecordBytes)
        {
            error = $"it has {content.Length} bytes";
        }
        else
        {
            var json = new byte[content.Length];
            await ReadAsync(content, json, cancel);
            var record = RecordFile.ParseOrNull(json, out error);
            if (record is not null && (module is null || record.Module == module))
                return (record, content.Blob.ETag);

            // Written by another version of the program, which will be back: its pin is not ours to replace.
            if (module is not null && RecordFile.OtherFormatOrNull(json) is { } format)
                throw new StoreException($"{name} in {Name} has format {format}, which this program does not read");
            error ??= $"it is about {record?.Module}";
        }

        // A record that cannot be read names nothing: the next commit replaces it.
        Log.RecordUnreadable(logger, name, Name, error ?? "");
        return (null, content.Blob.ETag);
    }

    private static async Task<int> ReadAsync(BlobReadStream content, byte[] into, CancellationToken cancel)
    {
        try
        {
            return await content.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, cancel);
        }
        catch (IOException e)
        {
            throw new StoreException(e.Message, e);
        }
    }

    private async Task<bool> HasBytesAsync(
        ModuleVersion module, ArtifactKind kind, StoredArtifact stored, CancellationToken cancel)
    {
        var name = _names.Artifact(module, kind, stored.Sha256);
        var (status, found) = await container.AskAsync(container.GetBlobClient(name).GetPropertiesAsync(null, cancel), cancel);
        return found is not null
            ? found.Value.ContentLength == stored.Size
            : status.IsAbsent ? false : throw Refused($"looking for {name}", status);
    }

    private async IAsyncEnumerable<ModuleVersion> ModulesAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var record in NamesAsync(_names.Records, cancel))
        {
            if (_names.ModuleOrNull(record) is { } module)
                yield return module;
        }
    }

    private async IAsyncEnumerable<string> NamesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        var all = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancel).AsPages(pageSizeHint: options.ListPage);
        await using var pages = all.GetAsyncEnumerator(cancel);
        while (true)
        {
            var (status, isThere) = await container.AskAsync(pages.MoveNextAsync().AsTask(), cancel);
            if (!status.IsSuccess)
                throw Refused($"listing {prefix}", status);
            if (!isThere)
                yield break;
            foreach (var blob in pages.Current.Values)
                yield return blob.Name;
        }
    }

    private async Task<(BlobStatus Status, BlobReadStream? Content)> OpenAsync(string name, CancellationToken cancel)
    {
        var (status, got) = await container.AskAsync(container.GetBlobClient(name).DownloadStreamingAsync(null, cancel), cancel);
        return got?.Value is { Details: var details, Content: var content }
            ? (status, new BlobReadStream(new OpenBlob(name, details.ETag, details.ContentLength), content))
            : (status, null);
    }

    private async Task<BlobStatus> PutAsync(string name, byte[] bytes, BlobRequestConditions? conditions, CancellationToken cancel)
    {
        var put = container.GetBlockBlobClient(name).UploadAsync(new MemoryStream(bytes), new() { Conditions = conditions }, cancel);
        return (await container.AskAsync(put, cancel)).Status;
    }

    private async Task<bool> DeleteBlobAsync(string name, BlobRequestConditions? conditions, CancellationToken cancel)
    {
        var (status, _) = await container.AskAsync(
            container.DeleteBlobAsync(name, conditions: conditions, cancellationToken: cancel), cancel);
        return status.IsSuccess || (status.IsAbsent || status.IsConditionLost ? false : throw Refused($"deleting {name}", status));
    }

    private StoreException Refused(string what, BlobStatus status) => new($"{Name} answered {status} to {what}");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Integrity conflict in {Store}, nothing was changed: {Conflict}")]
        public static partial void Conflict(ILogger logger, string store, string conflict);

        [LoggerMessage(LogLevel.Error, "Record {Blob} in {Store} could not be read and counts as absent: {Reason}")]
        public static partial void RecordUnreadable(ILogger logger, string blob, string store, string reason);

        [LoggerMessage(LogLevel.Error, "Discarded {Blob} in {Store}, which did not match its record: {Reason}")]
        public static partial void Discarded(ILogger logger, string blob, string store, string reason);
    }
}
