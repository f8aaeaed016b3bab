namespace ProxyCluster.Audit;

/// <summary>Reads the log of a directory, of a process that runs or of one that does not.</summary>
internal static class AuditReader
{
    /// <summary>
    /// The lines that are asked for, oldest first, as they come from the disk. Files of other hours are not opened, and a line that does not
    /// hold the words is not parsed.
    /// </summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IEnumerable<AuditLine> Read(string directory, AuditFilter filter, AuditAddresses addresses)
    {
        var word = Encode(filter.Version ?? (filter.Module?.AsSpan().IndexOfAny("*?[,") < 0 ? filter.Module : null));
        var isMeant = filter.Matcher(addresses);
        var files = AuditFileName.In(directory);
        for (var i = 0; i < files.Count; i++)
        {
            if (!filter.MayBeIn(files[i].Name.Hour, i + 1 < files.Count ? files[i + 1].Name.Hour : null))
                continue;
            foreach (var (line, _) in LinesOf(files[i].Path))
            {
                if (line.Span.IndexOf(word) >= 0 && AuditLine.ReadOrNull(line.Span) is { } read && isMeant(read))
                    yield return read;
            }
        }
    }

    /// <summary>Is the line older than what is kept?</summary>
    public static bool HasRetired(string directory, long sequence) => AuditFileName.In(directory) is [var first, ..] && sequence < first.Name.Sequence;

    /// <summary>The hash that a line states; null where it is not there.</summary>
    public static string? HashOfOrNull(string directory, long sequence) => AuditFileName.In(directory).LastOrDefault(file => file.Name.Sequence <= sequence) is { Path: { } path }
        ? AuditFileLines.From(path, 0)
            .Where(line => AuditLine.ReadOrNull(line.Line.Span)?.Seq == sequence)
            .Select(static line => AuditChain.StatedOrNull(line.Line.Span))
            .FirstOrDefault()
        : null;

    // Retention may have taken it since the directory was looked at.
    private static IEnumerable<(ReadOnlyMemory<byte> Line, long Next)> LinesOf(string path) => File.Exists(path) ? AuditFileLines.From(path, 0) : [];

    // A word of a path or version is written as it is, but for a few characters that JSON escapes: then everything is parsed.
    private static byte[] Encode(string? word) =>
        word is not null && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or '-' or '_' or '+' or '~') ? System.Text.Encoding.ASCII.GetBytes(word) : [];
}
