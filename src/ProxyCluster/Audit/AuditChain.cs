using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace ProxyCluster.Audit;

/// <summary>Where a log stands.</summary>
/// <param name="Sequence">Number of its last line; 0 before the first.</param>
/// <param name="Hash">That line's hash.</param>
internal readonly record struct AuditHead(long Sequence, string Hash)
{
    /// <summary>Before the first line.</summary>
    public static AuditHead None { get; } = new(0, new string('0', AuditChain.HashLength));
}

/// <summary>
/// What holds the lines together: each ends with the SHA-256 of the hash of the line before and of itself, so none can be changed,
/// taken out or put in without changing every hash behind it, of which the last is known elsewhere.
/// <para>
/// A plain chain. A Merkle tree (RFC 6962) would prove single lines to somebody who has not the log; whoever audits this one
/// has all of it, reads it from one end to the other, and needs no more than a shell to check a line:
/// <c>printf '%s%s' HASH_BEFORE LINE_UP_TO_ITS_HASH | sha256sum</c>.
/// </para>
/// </summary>
internal static class AuditChain
{
    /// <summary>Characters of a hash, in hexadecimal digits.</summary>
    public const int HashLength = 64;

    // Closes what is before it as well: without its end, a line is JSON but for the brace.
    private static ReadOnlySpan<byte> HashName => ",\"hash\":\""u8;

    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <summary>Bytes that a hash adds to a line.</summary>
    private static int Tail => HashName.Length + HashLength + End.Length;

    /// <summary>
    /// Writes the line behind <paramref name="before"/> with its hash and a newline; gives the head that it makes. <paramref name="json"/> holds the
    /// hash of the line before and the line as JSON: one piece, so that it is hashed in one go. Hot: once for each event.
    /// </summary>
    public static AuditHead Append(AuditHead before, ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        // 1. Without its closing brace.
        var open = json[..^1];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(open, digest);

        // 2. The line, its hash, and both closed.
        var line = open[HashLength..];
        var hash = Convert.ToHexStringLower(digest);
        var target = output.GetSpan(line.Length + Tail + 1);
        line.CopyTo(target);
        HashName.CopyTo(target[line.Length..]);
        Encoding.ASCII.GetBytes(hash, target[(line.Length + HashName.Length)..]);
        End.CopyTo(target[(line.Length + HashName.Length + HashLength)..]);
        target[line.Length + Tail] = (byte)'\n';
        output.Advance(line.Length + Tail + 1);
        return new(before.Sequence + 1, hash);
    }

    /// <summary>The hash that a line says of itself; null where it says none.</summary>
    public static string? StatedOrNull(ReadOnlySpan<byte> line) =>
        line.Length > Tail && line[^Tail..].StartsWith(HashName) && line.EndsWith(End) && Encoding.ASCII.GetString(line[^(HashLength + End.Length)..^End.Length]) is var hash
            && hash.All(char.IsAsciiHexDigitLower)
            ? hash
            : null;

    /// <summary>The hash that it ought to have behind a line with the given one.</summary>
    public static string Expected(string before, ReadOnlySpan<byte> line)
    {
        var text = new byte[HashLength + line.Length - Tail];
        Encoding.ASCII.GetBytes(before, text);
        line[..^Tail].CopyTo(text.AsSpan(HashLength));
        return Convert.ToHexStringLower(SHA256.HashData(text));
    }
}
