using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace ProxyCluster.Lines;

/// <summary>The first byte of a frame.</summary>
internal enum PeerFrameType : byte
{
    /// <summary>Nothing but a sign of life: the work goes on.</summary>
    Working = (byte)'W',

    /// <summary>A <see cref="Outcomes.Failure"/> as JSON; the last frame.</summary>
    Failure = (byte)'F',

    /// <summary>A record as JSON; the bytes of the artifact follow unframed, as many as the record says.</summary>
    Record = (byte)'R',

    /// <summary>The answer to a query as JSON; the last frame.</summary>
    Answer = (byte)'A',

    /// <summary>A length (eight bytes, big endian); as many bytes follow unframed, and nothing is said of them.</summary>
    Bytes = (byte)'B',
}

/// <summary>
/// How members answer each other: frames of a type byte, a length (four bytes, big endian) and a payload. Heartbeat
/// frames tell "still fetching" from "dead", so that a slow upstream never looks like a frozen peer.
/// </summary>
internal static class PeerFrame
{
    /// <summary>Largest payload that is read: a record with its proof has a few KiB, a long list some hundred.</summary>
    public const int MaxPayload = 16 << 20;

    private const int HeaderBytes = 5;

    /// <summary>Appends a frame; the caller flushes.</summary>
    public static void Write(PipeWriter output, PeerFrameType type, ReadOnlySpan<byte> payload)
    {
        var header = output.GetSpan(HeaderBytes);
        header[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], payload.Length);
        output.Advance(HeaderBytes);
        output.Write(payload);
    }

    /// <summary>Reads the next frame.</summary>
    /// <exception cref="InvalidDataException">The bytes are no frame, or the stream ended within one.</exception>
    public static async Task<(PeerFrameType Type, byte[] Payload)> ReadAsync(Stream input, CancellationToken cancel)
    {
        var header = new byte[HeaderBytes];
        try
        {
            await input.ReadExactlyAsync(header, cancel);
            var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
            if (!Enum.IsDefined((PeerFrameType)header[0]) || length is < 0 or > MaxPayload)
                throw new InvalidDataException("the peer sent no frame");

            var payload = length == 0 ? [] : new byte[length];
            await input.ReadExactlyAsync(payload, cancel);
            return ((PeerFrameType)header[0], payload);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("the peer's answer ended early", e);
        }
    }
}
