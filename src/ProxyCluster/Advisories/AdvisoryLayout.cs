using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Advisories;

/// <summary>The files of a database, as <c>https://go.dev/security/vuln/database#api</c> has them.</summary>
internal static class AdvisoryLayout
{
    /// <summary>The directory of records.</summary>
    public const string Records = "ID/";

    /// <summary>The directory of indexes.</summary>
    public const string Indexes = "index/";

    /// <summary>When the database was modified last.</summary>
    public const string Database = "index/db.json";

    /// <summary>Every record.</summary>
    public const string Vulnerabilities = "index/vulns.json";

    /// <summary>The records about each module.</summary>
    public const string Modules = "index/modules.json";

    /// <summary>Whether a file of a directory or zip is a record, by its name there. Beside <c>ID/</c> there is none.</summary>
    public static bool IsRecord(string name, bool hasRecords) =>
        name.EndsWith(".json", StringComparison.Ordinal)
        && (hasRecords ? Below(name, Records) : !Below(name, Indexes) && name != KeptAdvisories.StampName);

    /// <summary>Whether a file is in such a directory, at the top or in the one directory there.</summary>
    public static bool Below(string name, string directory) =>
        name.StartsWith(directory, StringComparison.Ordinal) || name.Contains('/' + directory, StringComparison.Ordinal);
}

internal sealed record DatabaseIndex(DateTimeOffset? Modified);

internal sealed record RecordLine(string? Id, DateTimeOffset? Modified);

internal sealed record ModuleLine(string? Path, RecordLine[]? Vulns);

/// <summary>What was taken, from where, as far as the next look needs it.</summary>
/// <param name="Source">The database.</param>
/// <param name="ETag">What it called its state, or null.</param>
/// <param name="LastModified">When it said that it was modified, in its words, or null.</param>
/// <param name="State">What tells its state apart from others otherwise.</param>
/// <param name="IsPartial">Some of it could not be had, and is to be asked for soon.</param>
internal sealed record AdvisoryStamp(string Source, string? ETag, string? LastModified, string? State, bool IsPartial = false);

/// <summary>How indexes are read, and stamps written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DatabaseIndex))]
[JsonSerializable(typeof(RecordLine[]))]
[JsonSerializable(typeof(ModuleLine[]))]
[JsonSerializable(typeof(AdvisoryStamp))]
internal sealed partial class AdvisoryJson : JsonSerializerContext;
