using ProxyCluster.Files;

namespace ProxyCluster.Audit;

/// <summary>The lines of a file, read from some place on.</summary>
internal static class AuditFileLines
{
    private const int Piece = 64 << 10;

    // No line is longer: names and texts have lengths.
    private const int MaxLine = 1 << 20;

    /// <summary>
    /// Each whole line, without its newline, and where the next one begins. What has no newline yet is left out: it is being written,
    /// or was when the process ended.
    /// </summary>
    public static IEnumerable<(ReadOnlyMemory<byte> Line, long Next)> From(string path, long offset)
    {
        using var file = RegularFile.OpenRead(path);
        var buffer = new byte[Piece];
        var (start, filled, at) = (0, 0, offset);
        while (true)
        {
            // 1. Every line that is here.
            while (buffer.AsSpan(start, filled - start).IndexOf((byte)'\n') is >= 0 and var length)
            {
                at += length + 1;
                yield return (buffer.AsMemory(start, length), at);
                start += length + 1;
            }

            // 2. More of it, behind what is left.
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            (start, filled) = (0, filled - start);
            if (filled == buffer.Length)
            {
                if (filled >= MaxLine)
                    throw new IOException($"{path} has a line of more than {MaxLine} bytes: it is not what was written there");
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = RandomAccess.Read(file, buffer.AsSpan(filled), at + filled);
            if (read == 0)
                yield break;
            filled += read;
        }
    }
}
