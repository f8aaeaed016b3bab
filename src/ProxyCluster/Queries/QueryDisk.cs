using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Storage;

namespace ProxyCluster.Queries;

/// <summary>
/// The last answers on disk, so that a restart during an upstream outage still has them. Written without a flush: a lost
/// answer is asked for again. What is read is believed only in the form in which it would be written.
/// <para>
/// Everybody can make up new questions, so the files are bounded by number; the longest unused go. What is asked for is
/// refreshed and written anew, so a file's time says when it was last of use. Files are counted where they are: an index
/// in memory would be one more thing that grows with them. That is why they are looked through only after so many new
/// ones, and go in lots.
/// </para>
/// </summary>
internal sealed partial class QueryDisk(DataTree tree, IOptions<QueryOptions> options, ILogger<QueryDisk> logger)
    : IDisposable, IAsyncDisposable
{
    private const string RevisionEnding = ".info";

    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    private readonly CancellationTokenSource _stop = new();

    // Guards the rest.
    private readonly Lock _lock = new();
    private bool _hasLooked;
    private int _newRevisions;
    private int _newOthers;

    /// <summary>Completes when what is too much is gone, as far as anybody has looked.</summary>
    public Task Trimmed { get; private set; } = Task.CompletedTask;

    /// <summary>The stored answer; null when there is none or it cannot be read.</summary>
    public QueryAnswer? ReadOrNull(Query query)
    {
        if (PathOrNull(query) is not { } path)
            return null;

        try
        {
            var stored = JsonSerializer.Deserialize(RegularFile.ReadAllBytes(path), QueryJson.Default.QueryAnswer);
            var fault = stored is null ? "it is empty" : query.FaultOrNull(stored.Body);
            if (fault is null && QueryView.IsKept(query, stored!))
                return stored;

            Log.Unreadable(logger, path, fault ?? "it is not in the form in which it was written");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The usual case: never asked, or never answered.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            Log.Unreadable(logger, path, e.Message);
        }

        return null;
    }

    /// <summary>Replaces the stored answer, whole or not at all. A full disk costs the copy, not the request.</summary>
    public void Write(Query query, QueryAnswer answer)
    {
        if (tree.IsReadOnly || PathOrNull(query) is not { } path)
            return;

        var temporary = tree.NewTemporary("query");
        try
        {
            var isNew = !File.Exists(path);
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(answer, QueryJson.Default.QueryAnswer));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(temporary, path, overwrite: true);
            if (isNew)
                CountNew(query.Kind);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unwritable(logger, path, e.Message);
            File.Delete(temporary);
        }
    }

    /// <summary>Deletes the stored answer.</summary>
    public void Remove(Query query)
    {
        if (tree.IsReadOnly || PathOrNull(query) is not { } path)
            return;

        try
        {
            if (File.Exists(path))
                Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unremovable(logger, path, e.Message);
        }
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

    private string? PathOrNull(Query query)
    {
        var name = query.Name[(query.Name.LastIndexOf('/') + 1)..];
        return name.Length <= DataTree.MaxNameLength ? tree.QueryPath(query.Path, name) : null;
    }

    // The first new file since the start has the others looked at too: who starts often must not collect them.
    private void CountNew(QueryKind kind)
    {
        lock (_lock)
        {
            var added = kind == QueryKind.Revision ? ++_newRevisions : ++_newOthers;
            if (!Trimmed.IsCompleted || (_hasLooked && added <= MaxOf(kind == QueryKind.Revision) / 10))
                return;

            (_hasLooked, _newRevisions, _newOthers) = (true, 0, 0);
            Trimmed = Task.Run(Trim);
        }
    }

    private int MaxOf(bool isRevision) => isRevision ? options.Value.MaxStoredRevisions : options.Value.MaxStored;

    private void Trim()
    {
        try
        {
            var files = new DirectoryInfo(tree.Queries).EnumerateFiles("*", AllFiles)
                .TakeWhile(_ => !_stop.IsCancellationRequested)
                .Select(static file => (Path: file.FullName, Used: file.LastWriteTimeUtc))
                .ToLookup(static file => file.Path.EndsWith(RevisionEnding, StringComparison.Ordinal));
            foreach (var isRevision in (ReadOnlySpan<bool>)[true, false])
            {
                foreach (var (path, _) in files[isRevision].OrderByDescending(static file => file.Used).Skip(MaxOf(isRevision)))
                {
                    if (_stop.IsCancellationRequested)
                        return;
                    Delete(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Untrimmed(logger, e.Message);
        }
    }

    private void Delete(string path)
    {
        File.Delete(path);
        for (var directory = Path.GetDirectoryName(path)!;
            directory.Length > tree.Queries.Length && !Directory.EnumerateFileSystemEntries(directory).Any();
            directory = Path.GetDirectoryName(directory)!)
            Directory.Delete(directory);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Stored answer {Path} could not be read and counts as absent: {Reason}")]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "Answer could not be stored as {Path} and is kept in memory only: {Reason}")]
        public static partial void Unwritable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "Answer {Path}, which upstream took back, could not be deleted: {Reason}")]
        public static partial void Unremovable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "Stored answers beyond their number could not be deleted and stay until the next look: {Reason}")]
        public static partial void Untrimmed(ILogger logger, string reason);
    }
}

// What is missing must not be guessed.
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(QueryAnswer))]
internal sealed partial class QueryJson : JsonSerializerContext;
