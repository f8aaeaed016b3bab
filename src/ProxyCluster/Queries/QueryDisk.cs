using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Storage;

namespace ProxyCluster.Queries;

/// <summary>
/// The last answers on disk, so that a restart during an upstream outage still has them. Written without a flush: a lost
/// answer is asked for again.
/// </summary>
internal sealed partial class QueryDisk(DataTree tree, ILogger<QueryDisk> logger)
{
    /// <summary>The stored answer; null when there is none or it cannot be read.</summary>
    public QueryAnswer? ReadOrNull(Query query)
    {
        if (PathOrNull(query) is not { } path)
            return null;

        try
        {
            var stored = JsonSerializer.Deserialize(File.ReadAllBytes(path), QueryJson.Default.QueryAnswer);
            return stored?.Body is null ? null : stored;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            Log.Unreadable(logger, path, e.Message);
            return null;
        }
    }

    /// <summary>Replaces the stored answer, whole or not at all. A full disk costs the copy, not the request.</summary>
    public void Write(Query query, QueryAnswer answer)
    {
        if (PathOrNull(query) is not { } path)
            return;

        var temporary = tree.NewTemporary("query");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(answer, QueryJson.Default.QueryAnswer));
            File.Move(temporary, path, overwrite: true);
        }
        catch (IOException e)
        {
            Log.Unwritable(logger, path, e.Message);
            File.Delete(temporary);
        }
    }

    private string? PathOrNull(Query query)
    {
        var name = query.Name[(query.Name.LastIndexOf('/') + 1)..];
        return name.Length <= DataTree.MaxNameLength ? tree.QueryPath(query.Path, name) : null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Stored answer {Path} could not be read and counts as absent: {Reason}")]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "Answer could not be stored as {Path} and is kept in memory only: {Reason}")]
        public static partial void Unwritable(ILogger logger, string path, string reason);
    }
}

[JsonSerializable(typeof(QueryAnswer))]
internal sealed partial class QueryJson : JsonSerializerContext;
