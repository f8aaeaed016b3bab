using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Audit;

/// <summary>A line of the log, as it is written and read: what is not known is left out. Its hash stands behind it (<see cref="AuditChain"/>).</summary>
/// <param name="Seq">Its number in the log, from 1, without gaps.</param>
/// <param name="Time">When it happened, UTC.</param>
/// <param name="Event">What happened: a name of <see cref="AuditWord"/> in small letters.</param>
internal sealed record AuditLine(long Seq, DateTimeOffset Time, string Event)
{
    private const int MaxName = 300;
    private const int MaxText = 600;

    private static readonly string[] Words = [.. Enum.GetValues<AuditWord>().Select(static word => word.ToString().ToLowerInvariant())];

    /// <summary>The fields that are texts, but for those of a file's first line, in the order in which they are written.</summary>
    public static IReadOnlyList<(string Name, Func<AuditLine, string?> Of)> Texts { get; } =
    [
        ("event", static line => line.Event), ("module", static line => line.Module), ("version", static line => line.Version),
        ("artifact", static line => line.Artifact), ("rule", static line => line.Rule), ("check", static line => line.Check),
        ("origin", static line => line.Origin), ("address", static line => line.Address), ("subject", static line => line.Subject),
        ("namespace", static line => line.Namespace), ("build", static line => line.Build), ("request", static line => line.Request),
        ("trace", static line => line.Trace), ("by", static line => line.By), ("text", static line => line.Text),
        ("silo", static line => line.Silo), ("region", static line => line.Region),
    ];

    private static readonly (JsonEncodedText Name, Func<AuditLine, string?> Of)[] Encoded =
        [.. Texts.Select(static text => Encode(text.Name, text.Of)), Encode("log", static line => line.Log), Encode("prev", static line => line.Prev)];

    public string? Module { get; init; }
    public string? Version { get; init; }

    /// <summary>info, mod or zip; list, latest or query, whose word is the version then; sumdb.</summary>
    public string? Artifact { get; init; }

    public string? Rule { get; init; }
    public long? Policy { get; init; }
    public string? Check { get; init; }
    public string? Origin { get; init; }
    public string? Address { get; init; }
    public string? Subject { get; init; }
    public string? Namespace { get; init; }
    public string? Build { get; init; }
    public string? Request { get; init; }
    public string? Trace { get; init; }
    public string? By { get; init; }
    public string? Text { get; init; }
    public string? Silo { get; init; }
    public string? Region { get; init; }

    /// <summary>Of a file's first line: which log this is.</summary>
    public string? Log { get; init; }

    /// <summary>Of a file's first line: the hash of the last line before it.</summary>
    public string? Prev { get; init; }

    /// <summary>The name of a word.</summary>
    public static string NameOf(AuditWord word) => Words[(int)word];

    /// <summary>The line of an event. What strangers wrote has a length and steers no terminal.</summary>
    public static AuditLine Of(AuditEvent happened, long sequence, AuditMember by, string? address)
    {
        var (module, version, artifact) = Named(happened.Subjected);
        return new(sequence, happened.Time, NameOf(happened.Word))
        {
            Module = Clean(module, MaxText),
            Version = Clean(version, MaxName),
            Artifact = artifact,
            Rule = Clean(happened.Rule, MaxName),
            Policy = long.TryParse(happened.Policy, NumberStyles.None, CultureInfo.InvariantCulture, out var policy) && policy > 0 ? policy : null,
            Check = Clean(happened.Check, MaxName),
            Origin = Clean(happened.Origin, MaxName),
            Address = address,
            Subject = Clean(happened.Subject, MaxName),
            Namespace = Clean(happened.Namespace, MaxName),
            Build = Clean(happened.Build, MaxName),
            Request = Clean(happened.Request, MaxName),
            Trace = Clean(happened.Trace, MaxName),
            By = Clean(happened.By, MaxName),
            Text = Clean(happened.Text, MaxText),
            Silo = by.Id,
            Region = by.Region,
        };
    }

    /// <summary>What writes lines: no browser takes them for a page, so a plus stays one.</summary>
    public static Utf8JsonWriter NewWriter(IBufferWriter<byte> output) =>
        new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    /// <summary>Writes it as JSON, without hash and newline. Hot: once for each event.</summary>
    public void Write(IBufferWriter<byte> output, Utf8JsonWriter writer)
    {
        writer.Reset(output);
        writer.WriteStartObject();
        writer.WriteNumber("seq"u8, Seq);
        writer.WriteString("time"u8, Time);
        foreach (var (name, value) in Encoded)
        {
            if (value(this) is { } text)
                writer.WriteString(name, text);
        }

        if (Policy is { } policy)
            writer.WriteNumber("policy"u8, policy);
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Reads one; null for what is none.</summary>
    public static AuditLine? ReadOrNull(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, AuditJson.Default.AuditLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (string? Module, string? Version, string? Artifact) Named(ProxyPath? path) => path is not { } named ? default : named.Asked switch
    {
        Asked.Artifact => (named.Module.Path.Value, named.Module.Version, ProxyPath.Ending(named.Kind)[1..]),
        Asked.Query or Asked.VersionPrefix => (named.Query.Path.Value, named.Query.Revision.Length > 0 ? named.Query.Revision : null, named.Query.Label),
        Asked.ChecksumDatabase => (named.Text, null, "sumdb"),
        _ => default,
    };

    private static (JsonEncodedText Name, Func<AuditLine, string?> Of) Encode(string name, Func<AuditLine, string?> of) => (JsonEncodedText.Encode(name), of);

    private static string? Clean(string? text, int max) => string.IsNullOrEmpty(text) ? null : LogText.Clean(text, max);
}

/// <summary>Whose log it is.</summary>
/// <param name="Id">The member's id in this life of the process.</param>
/// <param name="Region">Its region.</param>
internal readonly record struct AuditMember(string Id, string Region);

/// <summary>Who writes: known once the process has joined.</summary>
internal delegate AuditMember AuditMemberNow();

/// <summary>How lines are read.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AuditLine))]
internal sealed partial class AuditJson : JsonSerializerContext;
