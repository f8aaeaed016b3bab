namespace ProxyCluster.Files;

/// <summary>How much of a directory one sort of files may take.</summary>
/// <param name="Holds">Whether a file is of this sort, by its path.</param>
/// <param name="MaxFiles">Their number.</param>
/// <param name="MaxBytes">What they take on the disk.</param>
internal sealed record Allotment(Func<string, bool> Holds, int MaxFiles, long MaxBytes);

/// <summary>
/// A directory in which strangers' questions leave files: bounded by number and by bytes, the longest unwritten go. Files of
/// no allotment stay, and count.
/// <para>
/// Files are counted where they are: an index in memory would be one more thing that grows with them. That is why they are
/// looked through only after so many new ones, and go in lots: a tenth of the bound is how far it is overshot. Between two
/// looks what was written is added to <see cref="Taken"/>, overwritten files twice.
/// </para>
/// </summary>
internal sealed partial class BoundedFiles(string root, ILogger logger, params Allotment[] allotments) : IDisposable, IAsyncDisposable
{
    private const long Block = 4096;

    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    private readonly CancellationTokenSource _stop = new();

    // Guards the rest.
    private readonly Lock _lock = new();
    private readonly (int Files, long Bytes)[] _added = new (int, long)[allotments.Length];
    private bool _hasLooked;
    private long _taken;

    /// <summary>The directory.</summary>
    public string Root => root;

    /// <summary>Bytes that its files take on the disk, as far as anybody has looked.</summary>
    public long Taken
    {
        get
        {
            lock (_lock)
                return _taken;
        }
    }

    /// <summary>Completes when what is too much is gone, as far as anybody has looked.</summary>
    public Task Trimmed { get; private set; } = Task.CompletedTask;

    /// <summary>What a file of so many bytes takes: whole blocks, 4 KiB on every usual file system.</summary>
    public static long OnDisk(long bytes) => (bytes + Block - 1) / Block * Block;

    /// <summary>A file was written. The first one since the start has the others looked at too: who starts often must not collect them.</summary>
    public void Added(string path, long bytes, bool isNew)
    {
        lock (_lock)
        {
            _taken += OnDisk(bytes);
            var of = Array.FindIndex(allotments, allotment => allotment.Holds(path));
            if (of < 0)
                return;

            var (files, written) = _added[of] = (_added[of].Files + (isNew ? 1 : 0), _added[of].Bytes + OnDisk(bytes));
            if (!_hasLooked || files > allotments[of].MaxFiles / 10 || written > allotments[of].MaxBytes / 10)
                Look_NeedsLock();
        }
    }

    /// <summary>Looks at what an earlier process left, if nobody has looked yet.</summary>
    public void LookOnce()
    {
        lock (_lock)
        {
            if (!_hasLooked)
                Look_NeedsLock();
        }
    }

    /// <summary>Deletes a file of it, and the directories that are empty then.</summary>
    public void Delete(string path)
    {
        File.Delete(path);
        for (var directory = Path.GetDirectoryName(path)!;
            directory.Length > root.Length && !Directory.EnumerateFileSystemEntries(directory).Any();
            directory = Path.GetDirectoryName(directory)!)
            Directory.Delete(directory);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, and waits for the end of work that deletes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Trimmed;
        Dispose();
    }

    private void Look_NeedsLock()
    {
        if (!Trimmed.IsCompleted)
            return;
        _hasLooked = true;
        Array.Clear(_added);
        Trimmed = Task.Run(Trim);
    }

    private void Trim()
    {
        var before = Taken;
        try
        {
            var sorts = (Directory.Exists(root) ? new DirectoryInfo(root).EnumerateFiles("*", AllFiles) : [])
                .TakeWhile(_ => !_stop.IsCancellationRequested)
                .Select(static file => (Path: file.FullName, Bytes: OnDisk(file.Length), Written: file.LastWriteTimeUtc))
                .ToLookup(file => Array.FindIndex(allotments, allotment => allotment.Holds(file.Path)));
            var left = sorts[-1].Sum(static file => file.Bytes);
            foreach (var (of, allotment) in allotments.Index())
            {
                var (files, bytes) = (0, 0L);
                foreach (var file in sorts[of].OrderByDescending(static file => file.Written))
                {
                    if (_stop.IsCancellationRequested)
                        return;

                    if (files < allotment.MaxFiles && bytes + file.Bytes <= allotment.MaxBytes)
                        (files, bytes) = (files + 1, bytes + file.Bytes);
                    else
                        Delete(file.Path);
                }

                left += bytes;
            }

            lock (_lock)
                _taken += left - before;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotTrimmed(logger, root, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Files in {Directory} beyond their bounds could not be deleted and stay until the next look: {Reason}")]
        public static partial void NotTrimmed(ILogger logger, string directory, string reason);
    }
}
