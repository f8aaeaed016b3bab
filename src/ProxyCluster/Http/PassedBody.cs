using System.Buffers;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.Lines;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// The bodies of answers that <see cref="Forwarder"/> passes on. Both ways tell how many bytes went out, and whether that was all
/// of them: where a silo fell silent or sent something else, the next one can go on from there.
/// </summary>
internal sealed class PassedBody(PeerLines lines, Pulse pulse, FrontEndMemory memory, IOptions<HttpOptions> http, ProxyMetrics metrics, TimeProvider clock)
{
    /// <summary>Reads a body that is to be kept before any of it goes out, so that nobody gets what does not prove its tag.</summary>
    public async Task<(long Copied, bool IsWhole)> KeepAsync(
        Member silo, HttpResponseMessage from, int size, Ask ask, FrontEndMemory.Moment asked, HttpResponse to, CancellationToken cancel)
    {
        var body = new byte[size];
        using (var silence = lines.Listen(silo, cancel))
        {
            try
            {
                await using var stream = await from.Content.ReadAsStreamAsync(silence.Token);
                for (int read, at = 0; at < size; at += read, silence.Sign())
                {
                    read = await stream.ReadAsync(body.AsMemory(at), silence.Token);
                    if (read == 0)
                        throw new EndOfStreamException();
                }
            }
            catch (Exception e) when (IsBroken(e, cancel))
            {
                pulse.Silent(silo.Id);
                return (0, false);
            }
        }

        // What is hashed is not small for a socket's thread.
        await SocketThread.LeaveAsync();
        if (!memory.TryKeep(ask, silo, from, body, asked))
            return (0, false);
        await to.BodyWriter.WriteAsync(body, cancel);
        cancel.ThrowIfCancellationRequested();
        metrics.ServedBytes.Add(size, new KeyValuePair<string, object?>("artifact", "forward"));
        return (size, true);
    }

    /// <summary>Sends a body on as it comes, without the first <paramref name="skip"/> bytes, which the client has.</summary>
    public async Task<(long Copied, bool IsWhole)> CopyAsync(
        Member silo, HttpResponseMessage from, long skip, HttpResponse to, CancellationToken cancel)
    {
        // The silo is held to its silence, the client to its own pace, and neither to the other's.
        using var silence = lines.Listen(silo, cancel);
        using var stall = new StallLimit(to.HttpContext, http.Value.StallTimeout, clock);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        var copied = 0L;
        var left = from.Content.Headers.ContentLength ?? long.MaxValue;
        try
        {
            await using var body = await from.Content.ReadAsStreamAsync(silence.Token);
            while (true)
            {
                int read;
                try
                {
                    read = await body.ReadAsync(buffer, silence.Token);
                }
                catch (Exception e) when (IsBroken(e, cancel))
                {
                    pulse.Silent(silo.Id);
                    return (copied, false);
                }

                if (read == 0)
                    return (copied, skip == 0);

                silence.Sign();
                left -= read;
                var known = (int)Math.Min(skip, read);
                skip -= known;
                if (known == read)
                    continue;

                silence.Pause();
                await stall.WriteAsync(to.BodyWriter, buffer.AsMemory(known, read - known), cancel);
                cancel.ThrowIfCancellationRequested();
                copied += read - known;
                if (left == 0)
                    return (copied, true);
                silence.Resume();

                // Silo and client may both be fast enough for this loop to go on without a wait.
                await SocketThread.LeaveAsync();
            }
        }
        finally
        {
            metrics.ServedBytes.Add(copied, new KeyValuePair<string, object?>("artifact", "forward"));
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsBroken(Exception e, CancellationToken cancel) =>
        e is IOException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested);
}
