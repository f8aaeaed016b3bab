using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Verification;

namespace ProxyCluster.Storage;

/// <summary>
/// A record as JSON: the form on disk and between silos. Property names and their meaning are a promise; a new field
/// is optional, and another <c>format</c> is refused rather than guessed at.
/// </summary>
internal static class RecordFile
{
    private const int Format = 1;

    /// <summary>UTF-8 JSON of <paramref name="record"/>.</summary>
    public static byte[] Write(ModuleRecord record) =>
        JsonSerializer.SerializeToUtf8Bytes(Shape.From(record), RecordJson.Default.Shape);

    /// <summary>
    /// The format that the JSON says it has, where that is another than ours; null for ours and for what says nothing. It
    /// is looked for in whatever else stands there: a later format may have nothing in common with this one.
    /// </summary>
    public static string? OtherFormatOrNull(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("format"u8))
                    continue;

                reader.Read();
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var format) && format == Format
                    ? null
                    : Encoding.UTF8.GetString(reader.ValueSpan);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Torn before it said so. The latter: a name that is no UTF-16, such as half of a surrogate pair.
        }

        return null;
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null with a sentence for anything else.</summary>
    public static ModuleRecord? ParseOrNull(ReadOnlySpan<byte> json, out string? error)
    {
        try
        {
            var shape = JsonSerializer.Deserialize(json, RecordJson.Default.Shape);
            error = shape is null ? "the record is empty" : null;
            return shape?.ToRecordOrNull(out error);
        }
        catch (JsonException e)
        {
            error = $"the record is not valid JSON: {e.Message}";
            return null;
        }
    }

    internal sealed record Shape(
        int Format,
        string Path,
        string Version,
        string? ZipH1 = null,
        string? GoModH1 = null,
        VerifiedByShape? VerifiedBy = null,
        ArtifactShape? Info = null,
        ArtifactShape? Mod = null,
        ArtifactShape? Zip = null,
        VerifiedByShape? GoModVerifiedBy = null)
    {
        public static Shape From(ModuleRecord r) => new(
            RecordFile.Format,
            r.Module.Path.Value,
            r.Module.Version,
            r.ZipH1,
            r.GoModH1,
            VerifiedByShape.From(r.VerifiedBy),
            ArtifactShape.From(r.Info),
            ArtifactShape.From(r.Mod),
            ArtifactShape.From(r.Zip),
            VerifiedByShape.From(r.GoModVerifiedBy));

        public ModuleRecord? ToRecordOrNull(out string? error)
        {
            if (Format != RecordFile.Format)
            {
                error = $"the record has format {Format}, this program reads {RecordFile.Format}";
                return null;
            }

            if (!ModulePath.TryParse(Path, out var path, out error)
                || !ModuleVersion.TryCreate(path, Version, out var module, out error))
                return null;

            return new ModuleRecord
            {
                Module = module,
                ZipH1 = ZipH1,
                GoModH1 = GoModH1,
                VerifiedBy = VerifiedBy?.ToValue(),
                GoModVerifiedBy = GoModVerifiedBy?.ToValue(),
                Info = Info?.ToValue(),
                Mod = Mod?.ToValue(),
                Zip = Zip?.ToValue(),
            };
        }
    }

    internal sealed record ArtifactShape(
        string Sha256, long Size, string Source, DateTimeOffset Time, DateTimeOffset? Evicted = null, string? Upstream = null)
    {
        public static ArtifactShape? From(StoredArtifact? a) =>
            a is null ? null : new(a.Sha256.ToHex(), a.Size, a.Source, a.Time, a.Evicted, a.Upstream);

        public StoredArtifact ToValue() => Digest.TryParseHex(Sha256, out var sha)
            ? new StoredArtifact(sha, Size, Source, Time, Evicted, Upstream == Source ? Source : Upstream)
            : throw new JsonException($"'{Sha256}' is not a SHA-256 digest");
    }

    internal sealed record VerifiedByShape(
        VerificationKind Kind, string Authority, DateTimeOffset Time, ProofShape? Proof = null)
    {
        public static VerifiedByShape? From(VerifiedBy? v) =>
            v is null ? null : new(v.Kind, v.Authority, v.Time, ProofShape.From(v.Proof));

        public VerifiedBy ToValue() => new(Kind, Authority, Time, Proof?.ToValue());
    }

    internal sealed record ProofShape(
        string Database, long RecordId, string RecordText, string SignedTree, IReadOnlyList<string> Inclusion)
    {
        public static ProofShape? From(ChecksumProof? p) => p is null
            ? null
            : new(p.Database, p.RecordId, p.RecordText, p.SignedTree, [.. p.Inclusion.Select(h => h.ToBase64())]);

        public ChecksumProof ToValue() => new(
            Database,
            RecordId,
            RecordText,
            SignedTree,
            [.. Inclusion.Select(h => Digest.TryParseBase64(h, out var hash)
                ? hash
                : throw new JsonException($"'{h}' is not a tree hash"))]);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RecordFile.Shape))]
internal sealed partial class RecordJson : JsonSerializerContext;
