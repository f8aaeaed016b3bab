using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// What a <c>.info</c> or <c>@latest</c> body says (spec §2). Unknown fields, <c>Origin</c> among them, are for the
/// client and stay in the body.
/// </summary>
/// <param name="Version">The canonical version.</param>
/// <param name="Time">Commit time, or null where the body has none.</param>
public sealed partial record VersionInfo(string Version, DateTimeOffset? Time)
{
    /// <summary>Largest body that is read, in bytes. Real ones have a few hundred.</summary>
    public const int MaxSize = 1 << 20;

    // The names that the go command knows below Origin; each is a string or absent.
    private static readonly string[] OriginFields = ["VCS", "URL", "Subdir", "Hash", "TagPrefix", "TagSum", "Ref", "RepoSum"];

    /// <summary>
    /// Reads the JSON as the <c>go</c> command does, which refuses a body for any field that it cannot read: names in any
    /// case, unknown ones ignored, null as if absent, of two the later; <c>Version</c> required and canonical, <c>Time</c>
    /// RFC 3339, <c>Origin</c> an object.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out VersionInfo? info, [NotNullWhen(false)] out string? error)
    {
        info = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 10_000 });
            error = Read(document.RootElement, out var version, out var time);
            if (error is null && (version is null || !Semver.IsCanonical(version)))
                error = $"Version is '{version}', not a canonical version";
            if (error is null)
                info = new VersionInfo(version!, time);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter: a string that is no UTF-16, such as half of a surrogate pair.
            error = "not valid JSON";
        }

        return info is not null;
    }

    private static string? Read(JsonElement body, out string? version, out DateTimeOffset? time)
    {
        (version, time) = (null, null);
        if (body.ValueKind != JsonValueKind.Object)
            return "not a JSON object";

        foreach (var field in body.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Null)
                continue;

            if (IsNamed(field, "Version"))
            {
                if (field.Value.ValueKind != JsonValueKind.String)
                    return "Version is not a string";
                version = field.Value.GetString();
            }
            else if (IsNamed(field, "Time"))
            {
                // Go looks at the raw text, so an escape is no part of a time either.
                if (field.Value.ValueKind != JsonValueKind.String || !TryParseTime(field.Value.GetRawText()[1..^1], out var parsed))
                    return "Time is not an RFC 3339 time";
                time = parsed;
            }
            else if (IsNamed(field, "Origin"))
            {
                if (field.Value.ValueKind != JsonValueKind.Object)
                    return "Origin is not an object";
                foreach (var part in field.Value.EnumerateObject())
                {
                    if (part.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.String) && Array.Exists(OriginFields, name => IsNamed(part, name)))
                        return $"Origin.{part.Name} is not a string";
                }
            }
        }

        return null;
    }

    private static bool IsNamed(JsonProperty field, string name) => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Reads an RFC 3339 time as the <c>go</c> command does. What it allows and a <see cref="DateTimeOffset"/> cannot hold
    /// (an offset beyond 14 hours, an instant beyond the calendar's ends) comes out in UTC, at the nearest end.
    /// </summary>
    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        time = default;
        if (Rfc3339().Match(text) is not { Success: true } match
            || !DateTime.TryParseExact(
                match.Groups["wall"].Value, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall))
        {
            return false;
        }

        var fraction = match.Groups["fraction"].Value.PadRight(7, '0')[..7];
        var offset = match.Groups["hours"] is { Success: true } hours
            ? new TimeSpan(Number(hours.Value), Number(match.Groups["minutes"].Value), 0) * (match.Groups["sign"].Value == "-" ? -1 : 1)
            : TimeSpan.Zero;
        var ticks = wall.Ticks + Number(fraction) - offset.Ticks;
        time = new DateTimeOffset(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero);
        return true;
    }

    private static int Number(string digits) => int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^(?<wall>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]+))?(Z|(?<sign>[+-])(?<hours>[01][0-9]|2[0-3]):(?<minutes>[0-5][0-9]))\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Rfc3339();
}
