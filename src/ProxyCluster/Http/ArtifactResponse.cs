using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Sockets;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// Sends a stored artifact: from memory in one write, from disk through the response pipe in chunks that the client's
/// pace bounds. Ranges are answered for zips, one at a time.
/// </summary>
internal sealed class ArtifactResponse(
    Responses responses, IOptions<HttpOptions> options, ProxyMetrics metrics, TimeProvider clock)
{
    /// <summary>
    /// Bytes read from disk at a time. Measured (benchmarks, 100 MB zip): below 64 KiB the copies cost throughput, above
    /// 256 KiB only memory grows.
    /// </summary>
    private const int Chunk = 128 << 10;

    private static readonly StringValues Hit = "HIT";
    private static readonly StringValues Miss = "MISS";

    /// <summary>
    /// Answers with an artifact whose bytes are in memory, for the hot path; gives the number of body bytes.
    /// </summary>
    public long WriteHot(HttpContext context, HotArtifact hot, out Task writing)
    {
        responses.StartArtifact(context.Response, hot.Kind, hot.ETag, Hit);
        if (Responses.TryNotModified(context, hot.ETag))
        {
            writing = Task.CompletedTask;
            return 0;
        }

        // A range of a small zip is rare enough for the common path of larger ones.
        if (hot.Kind == ArtifactKind.Zip && context.Request.Headers.Range.Count > 0)
        {
            writing = WriteSliceAsync(context, hot, null, context.RequestAborted);
            return hot.Stored.Size;
        }

        writing = Responses.WriteBodyAsync(context, hot.Body, context.RequestAborted);
        return hot.Body!.Length;
    }

    /// <summary>Answers with an open artifact.</summary>
    public Task WriteAsync(HttpContext context, ArtifactContent content, bool hit, CancellationToken cancel)
    {
        responses.StartArtifact(context.Response, content.Artifact.Kind, content.Artifact.ETag, hit ? Hit : Miss);
        return WriteBodyAsync(context, content, cancel);
    }

    /// <summary>The body of an open artifact, or what a condition or a range makes of it, under headers that are set.</summary>
    public Task WriteBodyAsync(HttpContext context, ArtifactContent content, CancellationToken cancel) =>
        Responses.TryNotModified(context, content.Artifact.ETag)
            ? Task.CompletedTask
            : WriteSliceAsync(context, content.Artifact, content.File, cancel);

    private async Task WriteSliceAsync(
        HttpContext context, HotArtifact artifact, SafeFileHandle? file, CancellationToken cancel)
    {
        var response = context.Response;
        var size = artifact.Stored.Size;
        var (offset, length) = (0L, size);
        if (artifact.Kind == ArtifactKind.Zip && RangeOrNull(context.Request, artifact.ETag, size) is { } range)
        {
            if (range.Length == 0)
            {
                // The headers of a zip that will never change are not those of this answer.
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{size}";
                response.Headers.CacheControl = "no-store";
                response.Headers.ContentType = StringValues.Empty;
                response.Headers.ETag = StringValues.Empty;
                response.ContentLength = 0;
                return;
            }

            (offset, length) = (range.Offset, range.Length);
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {offset}-{offset + length - 1}/{size}";
        }

        response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        if (artifact.Body is { } body)
            await response.BodyWriter.WriteAsync(body.AsMemory((int)offset, (int)length), cancel);
        else
            await CopyAsync(context, file!, offset, length, artifact.Kind, cancel);
    }

    private async Task CopyAsync(
        HttpContext context, SafeFileHandle file, long offset, long length, ArtifactKind kind, CancellationToken cancel)
    {
        var sent = 0L;
        try
        {
            await CopyAsync(context, file, offset, length, chunk => sent += chunk, cancel);
        }
        finally
        {
            // What the client took, not what it was promised: it may have left.
            metrics.ServedBytes.Add(sent, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(kind)));
        }
    }

    /// <summary>
    /// Copies a part of a file into the answer, a chunk at a time, at the client's pace; <paramref name="sent"/> is told of
    /// each that went out.
    /// </summary>
    public async Task CopyAsync(
        HttpContext context, SafeFileHandle file, long offset, long length, Action<int> sent, CancellationToken cancel)
    {
        using var stall = new StallLimit(context, options.Value.StallTimeout, clock);
        var writer = context.Response.BodyWriter;
        while (length > 0)
        {
            // The read blocks this thread as an asynchronous one would block another: files have no readiness on Linux.
            var memory = writer.GetMemory((int)Math.Min(Chunk, length));
            if (memory.Length > length)
                memory = memory[..(int)length];
            var read = ReadAt(file, memory.Span, offset);
            if (read == 0)
                throw new StoreException($"the file ended {length} bytes early");

            writer.Advance(read);
            offset += read;
            length -= read;
            var flushed = await stall.FlushAsync(writer, cancel);
            if (flushed.IsCompleted || flushed.IsCanceled)
            {
                // The client has left, and the server may not know it yet: it would take an answer that is too short for our fault.
                context.Abort();
                return;
            }

            sent(read);

            // The next read blocks.
            await SocketThread.LeaveAsync();
        }
    }

    // The disk's failure, not the client's: while nothing has gone out, it can still be said.
    private static int ReadAt(SafeFileHandle file, Span<byte> into, long offset)
    {
        try
        {
            return RandomAccess.Read(file, into, offset);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            throw new StoreException($"the stored file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>
    /// The one range that is asked for; null when the whole file is to be sent (no GET, no range, several, another unit, or
    /// an <c>If-Range</c> that does not match); of length zero when it lies outside (RFC 9110 §14).
    /// </summary>
    private static (long Offset, long Length)? RangeOrNull(HttpRequest request, string etag, long size)
    {
        if (!HttpMethods.IsGet(request.Method)
            || request.Headers.Range.Count != 1
            || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header)
            || !header.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            || header.Ranges.Count != 1)
            return null;

        if (request.Headers.IfRange.Count > 0 && request.Headers.IfRange != etag)
            return null;

        var range = header.Ranges.First();
        var (from, to) = range.From is { } start
            ? (start, Math.Min(range.To ?? size - 1, size - 1))
            : (Math.Max(0, size - (range.To ?? 0)), size - 1);
        return from > to ? (0, 0) : (from, to - from + 1);
    }
}
