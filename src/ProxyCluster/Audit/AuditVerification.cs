using System.Globalization;

namespace ProxyCluster.Audit;

/// <summary>A place in a log that others know of.</summary>
/// <param name="Log">Which log.</param>
/// <param name="Head">The line, and its hash.</param>
/// <param name="From">Who says so, for people.</param>
internal sealed record KnownHead(string Log, AuditHead Head, string From);

/// <summary>What became of it.</summary>
/// <param name="Log">Which log it is; null where there is none.</param>
/// <param name="First">Number of the first line that is kept.</param>
/// <param name="Last">The last line, and its hash.</param>
/// <param name="Files">How many files.</param>
/// <param name="Sealed">Number of the last line that others vouch for; 0 for none.</param>
/// <param name="Unfinished">Bytes behind the last line: it is being written, or will be cut off at the next start.</param>
/// <param name="Problems">What is wrong, a sentence each.</param>
internal sealed record AuditVerified(string? Log, long First, AuditHead Last, int Files, long Sealed, long Unfinished, IReadOnlyList<string> Problems);

/// <summary>
/// Proves a log from its files: every line's hash by the line before, no number missing from the first line that is kept to the last, what
/// is gone removed on purpose by the log's own word, and where others know how it stood, that it stands so.
/// </summary>
internal sealed class AuditVerification(IReadOnlyCollection<KnownHead> known)
{
    private readonly ILookup<long, KnownHead> _known = known.ToLookup(static one => one.Head.Sequence);
    private readonly List<string> _problems = [];
    private readonly HashSet<KnownHead> _seen = [];
    private AuditHead _head = AuditHead.None;
    private string? _log;
    private long _first;
    private long _retired;
    private long _sealed;

    /// <summary>Proves the log of a directory.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditVerified Run(string directory, IReadOnlyCollection<KnownHead> known) => new AuditVerification(known).Run(directory);

    private AuditVerified Run(string directory)
    {
        // 1. Every line of every file.
        var files = AuditFileName.In(directory);
        var unfinished = 0L;
        foreach (var (name, path) in files)
        {
            var (file, number, end) = (Path.GetFileName(path), 0, 0L);
            foreach (var (line, next) in AuditFileLines.From(path, 0))
            {
                Take(line.Span, file, ++number, name);
                end = next;
            }

            unfinished = new FileInfo(path).Length - end;
            if (unfinished > 0 && path != files[^1].Path)
                _problems.Add($"{file}: it ends in the middle of a line");
            if (number == 0 && path != files[^1].Path)
                _problems.Add($"{file}: it is empty");
        }

        // 2. What is gone.
        if (_first > 1 && _retired < _first - 1)
            _problems.Add(Invariant($"the lines before {_first} are missing: the log says of none of them that it was removed for its age or size"));

        // 3. What others know.
        foreach (var one in known.Where(one => one.Log == _log && !_seen.Contains(one) && one.Head.Sequence >= _first))
        {
            _problems.Add(one.Head.Sequence > _head.Sequence
                ? Invariant($"the end is missing: {one.From} knows line {one.Head.Sequence}, the last one here is {_head.Sequence}")
                : Invariant($"line {one.Head.Sequence} is not the one that {one.From} knows"));
        }

        if (_log is null && known.Count > 0)
            _problems.Add(Invariant($"there is no log here, and {known.First().From} knows one"));
        return new(_log, _first, _head, files.Count, _sealed, unfinished, _problems);
    }

    private void Take(ReadOnlySpan<byte> bytes, string file, int number, AuditFileName name)
    {
        // 1. Is it one?
        if (AuditChain.StatedOrNull(bytes) is not { } hash || AuditLine.ReadOrNull(bytes) is not { } line)
        {
            _problems.Add(Invariant($"{file}, line {number}: it is damaged"));
            return;
        }

        // 2. A file's first line says behind what it comes.
        var before = _head;
        if (number == 1)
        {
            if (line is not { Log: { } log, Prev: { Length: AuditChain.HashLength } prev })
            {
                _problems.Add($"{file}: its first line does not say of which log it is");
                (_head, _first) = (new(line.Seq, hash), _first == 0 ? line.Seq : _first);
                return;
            }

            if (_log is null)
                (_log, _first, before) = (log, line.Seq, new(line.Seq - 1, prev));
            else if (log != _log)
                _problems.Add($"{file}: it is of another log, {log}");
            if (line.Seq != name.Sequence)
                _problems.Add(Invariant($"{file}: its first line is number {line.Seq}"));
            if (line.Seq > before.Sequence + 1)
                before = Missing(before, line.Seq, prev);
            else if (prev != before.Hash)
                _problems.Add($"{file}: what is before it is not what it was begun behind");
        }
        else if (line.Seq > before.Sequence + 1)
        {
            _problems.Add(Invariant($"{file}, line {number}: lines {before.Sequence + 1} to {line.Seq - 1} are missing or damaged"));
            Note(line, hash);
            return;
        }

        // 3. It is what it was, and in its place. One that is not is said once: what comes after it is judged by what it says of itself.
        if (line.Seq != before.Sequence + 1)
            _problems.Add(Invariant($"{file}, line {number}: it says that it is number {line.Seq}, in the place of {before.Sequence + 1}"));
        else if (AuditChain.Expected(before.Hash, bytes) != hash)
            _problems.Add(Invariant($"{file}, line {number}: it was changed, or the one before it"));
        Note(line, hash);
    }

    private AuditHead Missing(AuditHead before, long next, string prev)
    {
        _problems.Add(Invariant($"lines {before.Sequence + 1} to {next - 1} are missing"));
        return new(next - 1, prev);
    }

    private void Note(AuditLine line, string hash)
    {
        _head = new(line.Seq, hash);
        foreach (var one in _known[line.Seq].Where(one => one.Log == _log && one.Head == _head))
        {
            _seen.Add(one);
            _sealed = Math.Max(_sealed, one.Head.Sequence);
        }

        if (line.Event == AuditLine.NameOf(AuditWord.Retired) && line.Text?.Split(' ') is [.., var last] && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var upTo))
            _retired = Math.Max(_retired, upTo);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
