using System.Buffers;
using System.Buffers.Binary;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.Storage;

namespace ProxyCluster.Lines;

/// <summary>
/// Asks a member what a repository says that it has a mirror of. What comes is unproven, as it would be from the repository
/// itself: it is proven by whoever asked, like anything else from upstream.
/// </summary>
internal sealed class PeerRepositories(PeerLines lines, DataTree tree)
{
    // Up to that it is kept in memory: a go.mod, an .info, the list of nearly every module.
    private const int Small = 64 << 10;

    /// <summary>The peer's answer.</summary>
    public Task<Outcome<DirectAnswer>> AskAsync(Member peer, ProxyPath what, Action alive, CancellationToken cancel) => lines.AskAsync(
        peer, PeerTarget.Repository(what), PeerFrameType.Bytes, (payload, body, line) => TakeAsync(LengthOf(payload), body, line), alive, cancel);

    /// <summary>The payload of the frame before so many bytes.</summary>
    public static byte[] Announce(long length)
    {
        var payload = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(payload, length);
        return payload;
    }

    private static long LengthOf(byte[] payload) =>
        payload.Length == sizeof(long) && BinaryPrimitives.ReadInt64BigEndian(payload) is >= 0 and var length && length <= ZipLimits.Default.MaxZipBytes
            ? length
            : throw new InvalidDataException("the peer announced no length that an answer may have");

    private async Task<Outcome<DirectAnswer>> TakeAsync(long length, Stream body, SilenceLimit line)
    {
        DirectAnswer? taken = null;
        try
        {
            taken = new DirectAnswer(length <= Small ? new MemoryStream((int)length) : tree.OpenTemporary("direct"));
            if (await CopyAsync(body, length, taken.Body!, line) is { } full)
                return full;
            taken.Body!.Position = 0;
            var answer = taken;
            taken = null;
            return answer;
        }
        finally
        {
            taken?.Dispose();
        }
    }

    // What our own disk refuses says nothing of the peer.
    private static async Task<Failure?> CopyAsync(Stream body, long length, Stream into, SilenceLimit line)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            for (var left = length; left > 0;)
            {
                var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), line.Token);
                if (read == 0)
                    throw new InvalidDataException("the peer's answer ended early");
                line.Sign();
                left -= read;
                try
                {
                    await into.WriteAsync(buffer.AsMemory(0, read), line.Token);
                }
                catch (IOException e)
                {
                    return new Failure(FailureKind.StoreUnavailable, $"the store cannot take data now: {e.Message}");
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
