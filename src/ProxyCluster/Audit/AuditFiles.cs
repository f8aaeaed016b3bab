using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.Audit;

/// <summary>
/// The files of a log, as its one writer has them: lines are gathered in memory, and written and flushed together by
/// <see cref="Commit"/>. One that fails may be tried again: it writes the same bytes to the same place.
/// </summary>
internal sealed class AuditFiles : IDisposable
{
    private const int TailPiece = 64 << 10;

    private readonly string _directory;
    private readonly AuditOptions _options;
    private readonly ArrayBufferWriter<byte> _one = new();
    private readonly ArrayBufferWriter<byte> _gathered = new();
    private readonly Utf8JsonWriter _json;
    private SafeFileHandle _file;
    private AuditFileName _name;
    private AuditHead _head;
    private long _length;

    private AuditFiles(string directory, AuditOptions options, string log, AuditFileName name, AuditHead head, SafeFileHandle file)
    {
        (_directory, _options, Log, _name, _head, _file) = (directory, options, log, name, head, file);
        _length = RandomAccess.GetLength(file);
        _json = AuditLine.NewWriter(_one);
    }

    /// <summary>Which log it is: random, made with its first line.</summary>
    public string Log { get; }

    /// <summary>Bytes behind the last whole line, which a process left that was killed, and that were cut off when it was opened.</summary>
    public long CutOff { get; private init; }

    /// <summary>Where the files of a log were moved that could not be gone on with, because its newest one is damaged; null where it is not.</summary>
    public string? SetAside { get; private init; }

    /// <summary>Number of the next line.</summary>
    public long Next => _head.Sequence + 1;

    /// <summary>The end of the last lot.</summary>
    public AuditHead Committed { get; private set; } = AuditHead.None;

    /// <summary>Lines that are not committed.</summary>
    public long Gathered => _head.Sequence - Committed.Sequence;

    /// <summary>Opens the log of a directory, or begins one.</summary>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static AuditFiles Open(string directory, AuditOptions options, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory);
        var cut = 0L;
        string? aside = null;
        var known = AuditFileName.In(directory);
        foreach (var (name, path) in Enumerable.Reverse(known))
        {
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            var length = RandomAccess.GetLength(file);
            var (head, end, hasLines) = LastLine(file, length);
            if (end > 0 && LogOfOrNull(path) is { } log)
            {
                RandomAccess.SetLength(file, end);
                return new(directory, options, log, name, head, file) { CutOff = cut + length - end, Committed = head };
            }

            file.Dispose();
            if (hasLines)
            {
                aside = Move(known, Path.Combine(directory, $"damaged-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff}"));
                break;
            }

            // Killed before its first line was whole.
            File.Delete(path);
            cut += length;
        }

        var first = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var (begun, handle) = Create(directory, 1, now);
        var files = new AuditFiles(directory, options, first, begun, AuditHead.None, handle) { CutOff = cut, SetAside = aside };
        files.AppendFileLine(now);
        return files;
    }

    /// <summary>Appends a line, in memory.</summary>
    public void Append(AuditLine line)
    {
        _one.ResetWrittenCount();
        Encoding.ASCII.GetBytes(_head.Hash, _one);
        line.Write(_one, _json);
        _head = AuditChain.Append(_head, _one.WrittenSpan, _gathered);
    }

    /// <summary>Has everything that was appended on the disk.</summary>
    /// <exception cref="IOException">It is not; the same may be tried again.</exception>
    public void Commit()
    {
        if (_gathered.WrittenCount == 0)
            return;
        RandomAccess.Write(_file, _gathered.WrittenSpan, _length);
        if (_options.IsFlushed)
            RandomAccess.FlushToDisk(_file);
        _length += _gathered.WrittenCount;
        _gathered.ResetWrittenCount();
        Committed = _head;
    }

    /// <summary>Begins a new file where it is time to; true where it did. Everything is committed then.</summary>
    public bool RotateIfDue(DateTimeOffset now)
    {
        if (_length < _options.MaxFileBytes && HourOf(now) == _name.Hour)
            return false;
        Commit();
        var (name, file) = Create(_directory, Next, now);
        _file.Dispose();
        (_file, _name, _length) = (file, name, 0);
        AppendFileLine(now);
        return true;
    }

    /// <summary>
    /// Removes the files that are too old or too many, none of those that somebody still has to send on unless there is no room for
    /// them; gives the number of the last line that went, and how many of them were not sent. 0 where none went.
    /// </summary>
    public (long Last, long Unsent) Retire(DateTimeOffset now, long sent)
    {
        var files = AuditFileName.In(_directory).ConvertAll(file => new RetiredFile(file.Name.Sequence, File.GetLastWriteTimeUtc(file.Path), new FileInfo(file.Path).Length, file.Path));
        var gone = AuditRetention.Of(files, now, _options.KeepFor, _options.MaxBytes, sent);
        foreach (var file in gone)
            File.Delete(file.Path);
        return gone.Count == 0 ? default : (files[gone.Count].First - 1, Math.Max(0, files[gone.Count].First - 1 - Math.Max(sent, gone[0].First - 1)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    private void AppendFileLine(DateTimeOffset now) =>
        Append(new AuditLine(Next, now, AuditLine.NameOf(AuditWord.File)) { Log = Log, Prev = _head.Hash });

    private static (AuditFileName Name, SafeFileHandle File) Create(string directory, long sequence, DateTimeOffset now)
    {
        var name = new AuditFileName(sequence, HourOf(now));

        // One of that name is what a creation left that came no further.
        return (name, File.OpenHandle(Path.Combine(directory, name.ToString()), FileMode.Create, FileAccess.ReadWrite, FileShare.Read));
    }

    private static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcDateTime.Date.AddHours(time.UtcDateTime.Hour), TimeSpan.Zero);

    private static string? LogOfOrNull(string path) => AuditFileLines.From(path, 0).Select(static line => AuditLine.ReadOrNull(line.Line.Span)).FirstOrDefault()?.Log;

    // Lines are evidence, those that cannot be read too, and nothing is written behind a line whose hash is not known.
    private static string Move(IReadOnlyList<(AuditFileName Name, string Path)> files, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var (name, path) in files.Where(static file => File.Exists(file.Path)))
            File.Move(path, Path.Combine(target, name.ToString()));
        return target;
    }

    // The last line that is whole, and where it ends; a power cut may leave zeros behind it. And whether there is any line.
    private static (AuditHead Head, long End, bool HasLines) LastLine(SafeFileHandle file, long length)
    {
        for (var size = (long)TailPiece; ; size *= 4)
        {
            var from = Math.Max(0, length - size);
            var tail = new byte[length - from];
            var read = 0;
            for (int more; read < tail.Length && (more = RandomAccess.Read(file, tail.AsSpan(read), from + read)) > 0;)
                read += more;
            for (var end = tail.AsSpan(0, read).LastIndexOf((byte)'\n'); end > 0;)
            {
                var start = tail.AsSpan(0, end).LastIndexOf((byte)'\n') + 1;
                var line = tail.AsSpan(start, end - start);
                if ((start > 0 || from == 0) && AuditChain.StatedOrNull(line) is { } hash && AuditLine.ReadOrNull(line) is { } whole)
                    return (new AuditHead(whole.Seq, hash), from + end + 1, true);
                end = start - 1;
            }

            if (from == 0)
                return (AuditHead.None, 0, tail.AsSpan(0, read).Contains((byte)'\n'));
        }
    }
}
