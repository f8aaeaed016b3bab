using System.Buffers;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ProxyCluster.GoModules;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Stores bytes under the name that carries their digest: in one call, or in blocks that become a blob in one step.
/// Others may store the same bytes at the same time; whoever is first is as good as we are.
/// </summary>
internal sealed class BlobUpload(BlobContainerClient container, long blockBytes)
{
    private static readonly BlobRequestConditions IfAbsent = new() { IfNoneMatch = ETag.All };

    /// <summary>Stores the bytes; a success also when somebody else did.</summary>
    /// <param name="name">Where to.</param>
    /// <param name="stored">What they must be.</param>
    /// <param name="content">Seekable.</param>
    /// <param name="cancel">Ends the upload; nothing is visible then.</param>
    /// <exception cref="StoreException">No answer, or the content is not what it must be.</exception>
    public async Task<BlobStatus> RunAsync(string name, StoredArtifact stored, Stream content, CancellationToken cancel)
    {
        var status = await SendAsync(name, stored, content, cancel);
        if (status.IsSuccess || status.IsOutage)
            return status;

        // A blob of this name is there: from an earlier commit that broke off, from somebody who was faster (which makes
        // our blocks invalid), or from an attempt of our own whose answer was lost.
        var blob = container.GetBlockBlobClient(name);
        var (_, found) = await container.AskAsync(blob.GetPropertiesAsync(null, cancel), cancel);
        if (found is null)
            return status;
        if (found.Value.ContentLength == stored.Size)
            return BlobStatus.Success;

        var same = new BlobRequestConditions { IfMatch = found.Value.ETag };
        var (deleted, _) = await container.AskAsync(blob.DeleteAsync(conditions: same, cancellationToken: cancel), cancel);
        return deleted.IsSuccess || deleted.IsAbsent ? await SendAsync(name, stored, content, cancel) : deleted;
    }

    private async Task<BlobStatus> SendAsync(string name, StoredArtifact stored, Stream content, CancellationToken cancel)
    {
        content.Position = 0;
        var blob = container.GetBlockBlobClient(name);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(blockBytes, Math.Max(stored.Size, 1)));
        var most = (int)Math.Min(blockBytes, piece.Length);
        var blocks = new List<string>();
        try
        {
            for (long sent = 0; ;)
            {
                var read = await content.ReadAtLeastAsync(piece.AsMemory(0, most), most, throwOnEndOfStream: false, cancel);
                hash.AppendData(piece.AsSpan(0, read));
                sent += read;
                var isLast = sent >= stored.Size || read < most;
                if (isLast)
                    ThrowIfOther(name, stored, sent, hash);
                var bytes = new MemoryStream(piece, 0, read, writable: false);
                if (isLast && blocks.Count == 0)
                    return (await container.AskAsync(blob.UploadAsync(bytes, new() { Conditions = IfAbsent }, cancel), cancel)).Status;

                // Ids of our own: blocks of others who send the same blob in other pieces must not get between ours.
                blocks.Add(NewBlock());
                var (status, _) = await container.AskAsync(blob.StageBlockAsync(blocks[^1], bytes, null, cancel), cancel);
                if (!status.IsSuccess)
                    return status;
                if (isLast)
                    return (await container.AskAsync(blob.CommitBlockListAsync(blocks, new() { Conditions = IfAbsent }, cancel), cancel)).Status;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static string NewBlock() => Convert.ToBase64String(Guid.NewGuid().ToByteArray());

    private static void ThrowIfOther(string name, StoredArtifact stored, long size, IncrementalHash hash)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        hash.GetHashAndReset(bytes);
        var sha = new Digest(bytes);
        if (size != stored.Size || sha != stored.Sha256)
            throw new StoreException($"{name} was not stored: the bytes are {size} with SHA-256 {sha}, not {stored.Size} with {stored.Sha256}");
    }
}
