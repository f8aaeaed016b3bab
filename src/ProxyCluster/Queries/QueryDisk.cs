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
/// Everybody can make up new questions, so the files are bounded by number and by bytes; the longest unused go. What is asked
/// for is refreshed and written anew, so a file's time says when it was last of use.
/// </para>
/// </summary>
internal sealed partial class QueryDisk : IDisposable, IAsyncDisposable
{
    private const string RevisionEnding = ".info";

    private readonly DataTree _tree;
    private readonly BoundedFiles _files;
    private readonly ILogger<QueryDisk> _logger;

    public QueryDisk(
        DataTree tree, BesideFiles beside, IOptions<QueryOptions> options, IOptions<StorageOptions> storage, ILogger<QueryDisk> logger)
    {
        _tree = tree;
        _logger = logger;

        // Anybody can make up revisions; whatever they take, lists keep three quarters.
        var bytes = storage.Value.ShareBeside(options.Value.MaxStoredBytes);
        _files = beside.Add(new BoundedFiles(
            tree.Queries,
            logger,
            new Allotment(IsRevision, options.Value.MaxStoredRevisions, bytes / 4),
            new Allotment(static path => !IsRevision(path), options.Value.MaxStored, bytes - (bytes / 4))));
    }

    /// <summary>Completes when what is too much is gone, as far as anybody has looked.</summary>
    public Task Trimmed => _files.Trimmed;

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

            Log.Unreadable(_logger, path, fault ?? "it is not in the form in which it was written");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The usual case: never asked, or never answered.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            Log.Unreadable(_logger, path, e.Message);
        }

        return null;
    }

    /// <summary>Replaces the stored answer, whole or not at all. A full disk costs the copy, not the request.</summary>
    public void Write(Query query, QueryAnswer answer)
    {
        if (_tree.IsReadOnly || PathOrNull(query) is not { } path)
            return;

        var temporary = _tree.NewTemporary("query");
        try
        {
            var isNew = !File.Exists(path);
            var bytes = JsonSerializer.SerializeToUtf8Bytes(answer, QueryJson.Default.QueryAnswer);
            File.WriteAllBytes(temporary, bytes);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(temporary, path, overwrite: true);
            _files.Added(path, bytes.Length, isNew);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unwritable(_logger, path, e.Message);
            File.Delete(temporary);
        }
    }

    /// <summary>Deletes the stored answer.</summary>
    public void Remove(Query query)
    {
        if (_tree.IsReadOnly || PathOrNull(query) is not { } path)
            return;

        try
        {
            if (File.Exists(path))
                _files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unremovable(_logger, path, e.Message);
        }
    }

    public void Dispose() => _files.Dispose();

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    private static bool IsRevision(string path) => path.EndsWith(RevisionEnding, StringComparison.Ordinal);

    private string? PathOrNull(Query query)
    {
        var name = query.Name[(query.Name.LastIndexOf('/') + 1)..];
        return name.Length <= DataTree.MaxNameLength ? _tree.QueryPath(query.Path, name) : null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Stored answer {Path} could not be read and counts as absent: {Reason}")]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "Answer could not be stored as {Path} and is kept in memory only: {Reason}")]
        public static partial void Unwritable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "Answer {Path}, which upstream took back, could not be deleted: {Reason}")]
        public static partial void Unremovable(ILogger logger, string path, string reason);
    }
}

// What is missing must not be guessed.
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(QueryAnswer))]
internal sealed partial class QueryJson : JsonSerializerContext;
