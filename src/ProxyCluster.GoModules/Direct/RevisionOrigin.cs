using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// Where a version came from, in the words and the order of go's <c>Origin</c>.
/// </summary>
/// <param name="VCS">Kind of repository.</param>
/// <param name="URL">Its address.</param>
/// <param name="Subdir">The module's directory, without its major version.</param>
/// <param name="Hash">The commit; null where it is a number.</param>
/// <param name="TagPrefix">Of the tags that the version depends on.</param>
/// <param name="TagSum">What those come to.</param>
/// <param name="Ref">The name that stood for the commit.</param>
/// <param name="RepoSum">What all names of the repository come to, where its tags cannot be told from the rest.</param>
public sealed record RevisionOrigin(string VCS, string URL, string? Subdir, string? Hash, string? TagPrefix, string? TagSum, string? Ref, string? RepoSum = null)
{
    private static readonly OriginJson Json = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>The body of an <c>.info</c>.</summary>
    public static byte[] WriteInfo(ModuleRevision revision) => JsonSerializer.SerializeToUtf8Bytes(
        new Info(revision.Version, revision.Commit.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture), revision.Origin),
        Json.Info);

    internal sealed record Info(string Version, string Time, RevisionOrigin Origin);
}

[JsonSerializable(typeof(RevisionOrigin.Info))]
internal sealed partial class OriginJson : JsonSerializerContext;
