using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>What a name server answered: of a message, what we look at.</summary>
/// <param name="Id">The question's.</param>
/// <param name="IsAnswer">It is one, to an update.</param>
/// <param name="Code">What became of it; 0 for done.</param>
/// <param name="Signature">Its signature; null where it has none.</param>
internal sealed record DnsAnswer(ushort Id, bool IsAnswer, int Code, TsigRecord? Signature)
{
    private const int HeaderLength = 12;
    private const int MaxLabels = 128;

    /// <summary>Reads one; null where it is no message.</summary>
    public static DnsAnswer? ParseOrNull(ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderLength)
            return null;
        var flags = Read16(message, 2);
        var (position, signature) = (HeaderLength, default(TsigRecord));
        for (var zones = Read16(message, 4); zones > 0; zones--)
        {
            if (!TryName(message, ref position, out _) || (position += 4) > message.Length)
                return null;
        }

        var records = Read16(message, 6) + Read16(message, 8) + Read16(message, 10);
        for (var record = 1; record <= records; record++)
        {
            var start = position;
            if (!TryName(message, ref position, out var name) || position + 10 > message.Length)
                return null;
            var (type, length) = (Read16(message, position), Read16(message, position + 8));
            position += 10;
            if (position + length > message.Length)
                return null;
            if (type == TsigRecord.Type)
            {
                // Only the very last one signs a message (RFC 8945 §5.1).
                if (record < records || (signature = SignatureOrNull(message, start, name, position, length)) is null)
                    return null;
            }

            position += length;
        }

        return position != message.Length ? null : new DnsAnswer(Read16(message, 0), (flags & 0xF800) == 0xA800, flags & 0xF, signature);
    }

    /// <summary>Why the server did not do it, in words; null where it did.</summary>
    public string? RefusalOrNull() => (Code, Signature?.Error) switch
    {
        (_, 16) => "BADSIG: the server has another secret for that key",
        (_, 17) => "BADKEY: the server does not know the key",
        (_, 18) => "BADTIME: its clock and ours differ by too much",
        (0, _) => null,
        (5, _) => "REFUSED: the key may not change that",
        (9, _) => "NOTAUTH: it is not the zone's server, or wants another signature",
        (10, _) => "NOTZONE: a name is not in the zone",
        (2, _) => "SERVFAIL: it failed",
        (4, _) => "NOTIMP: it takes no updates",
        var (code, _) => string.Create(CultureInfo.InvariantCulture, $"it answered code {code}"),
    };

    private static TsigRecord? SignatureOrNull(ReadOnlySpan<byte> message, int start, string key, int position, int length)
    {
        var end = position + length;
        if (!TryName(message, ref position, out var algorithm) || position + 10 > end)
            return null;
        var time = ((ulong)Read16(message, position) << 32) | BinaryPrimitives.ReadUInt32BigEndian(message[(position + 2)..]);
        var (fudge, size) = (Read16(message, position + 6), Read16(message, position + 8));
        position += 10;
        if (position + size + 6 > end)
            return null;
        var mac = message.Slice(position, size).ToArray();
        position += size;
        var (id, error, others) = (Read16(message, position), Read16(message, position + 2), Read16(message, position + 4));
        position += 6;
        return position + others == end
            ? new TsigRecord(start, key, algorithm, time, fudge, mac, id, error, message.Slice(position, others).ToArray())
            : null;
    }

    // A name may go on at an earlier place (RFC 1035 §4.1.4); labels are counted, so that no circle is followed for long.
    private static bool TryName(ReadOnlySpan<byte> message, ref int position, out string name)
    {
        var text = new StringBuilder();
        var (at, end) = (position, -1);
        name = "";
        for (var labels = 0; labels < MaxLabels && at < message.Length; labels++)
        {
            int length = message[at];
            if (length == 0)
            {
                position = end < 0 ? at + 1 : end;
                name = text.ToString();
                return true;
            }

            if (length >= 0xC0)
            {
                if (at + 2 > message.Length)
                    return false;
                end = end < 0 ? at + 2 : end;
                at = Read16(message, at) & 0x3FFF;
                continue;
            }

            if (length > 63 || at + 1 + length > message.Length)
                return false;
            text.Append(text.Length > 0 ? "." : "").Append(Encoding.ASCII.GetString(message.Slice(at + 1, length)).ToLowerInvariant());
            at += 1 + length;
        }

        return false;
    }

    private static ushort Read16(ReadOnlySpan<byte> message, int position) => BinaryPrimitives.ReadUInt16BigEndian(message[position..]);
}
