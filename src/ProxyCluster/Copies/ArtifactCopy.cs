using System.Buffers;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>What became of a copy.</summary>
internal enum CopyStatus
{
    /// <summary>It is in our store.</summary>
    Committed,

    /// <summary>The bytes are not those that the record names; whoever keeps them has lost the artifact.</summary>
    WrongBytes,

    /// <summary>The bytes are the record's, but not what the record proves.</summary>
    WrongContent,

    /// <summary>It conflicts with what is stored here.</summary>
    Conflict,
}

/// <summary>The status of a copy, our record where it was committed, and otherwise the sentence that says what is wrong.</summary>
internal readonly record struct CopyResult(CopyStatus Status, ModuleRecord? Record, string Why);

/// <summary>
/// Takes a copy of an artifact that somebody keeps whom we need not trust: a peer, or the region's shared store. The
/// record must hold against the proof that travels with it and by our own policy, the bytes against the record, before
/// anything is committed.
/// </summary>
internal sealed class ArtifactCopy(PeerRecords records, DiskStore store, TimeProvider clock)
{
    /// <summary>Why the record cannot be believed, or null.</summary>
    public string? FaultOrNull(ModuleRecord record, ModuleVersion module, ArtifactKind kind) =>
        records.FaultOrNull(record, module, kind);

    /// <summary>Reads what <paramref name="record"/>, which was found faultless, names; checks it and commits it.</summary>
    /// <param name="record">What the other side says.</param>
    /// <param name="kind">Which of its artifacts.</param>
    /// <param name="body">The bytes; more may follow behind them.</param>
    /// <param name="source">Where they come from, for our own record.</param>
    /// <param name="sign">Called at every chunk.</param>
    /// <param name="cancel">Ends the copy.</param>
    /// <exception cref="InvalidDataException">The bytes ended early.</exception>
    /// <exception cref="IOException">They broke off.</exception>
    /// <exception cref="StoreException">Our disk takes no data.</exception>
    public async Task<CopyResult> TakeAsync(
        ModuleRecord record, ArtifactKind kind, Stream body, string source, Action sign, CancellationToken cancel)
    {
        // 1. The bytes, against the record.
        var stored = record.ArtifactOrNull(kind)!;
        await using var incoming = store.CreateIncoming(kind);
        await ReceiveAsync(body, incoming, stored.Size, sign, cancel);
        var content = incoming.Complete();
        if (incoming.Sha256 != stored.Sha256)
            return new(CopyStatus.WrongBytes, null, $"the bytes have SHA-256 {incoming.Sha256}, the record says {stored.Sha256}");

        // 2. The content, against what the record proves.
        var received = kind == ArtifactKind.Zip
            ? ArtifactChecks.Zip(record.Module, content, source, cancel)
            : await ArtifactChecks.SmallAsync(record.Module, kind, content, source, cancel);
        if (!received.TryGet(out var contents, out var failure))
            return new(CopyStatus.WrongContent, null, failure.Message);
        var h1 = kind == ArtifactKind.Zip ? record.ZipH1 : record.GoModH1;
        if (kind != ArtifactKind.Info && contents.H1 != h1)
            return new(CopyStatus.WrongContent, null, $"the {kind} has {contents.H1}, the record proves {h1}");

        // 3. Ours from here on; what another artifact of the module needs is fetched when it is asked for.
        var proposal = record.WithOnly(kind, stored with { Source = source, Time = clock.GetUtcNow() });
        var result = await store.CommitAsync(proposal, kind, incoming, cancel);
        return result.Status == CommitStatus.Conflict
            ? new(CopyStatus.Conflict, null, result.Conflict ?? $"{record.Module}: integrity conflict")
            : new(CopyStatus.Committed, result.Record, "");
    }

    private static async Task ReceiveAsync(
        Stream body, IncomingArtifact incoming, long size, Action sign, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            for (var left = size; left > 0;)
            {
                var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancel);
                if (read == 0)
                    throw new InvalidDataException($"the bytes ended {left} early");
                sign();
                await incoming.WriteAsync(buffer.AsMemory(0, read), cancel);
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
