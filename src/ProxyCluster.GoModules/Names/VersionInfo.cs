using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// What a <c>.info</c> or <c>@latest</c> body says (spec §2). Unknown fields, <c>Origin</c> among them, are for the
/// client and stay in the body.
/// </summary>
/// <param name="Version">The canonical version.</param>
/// <param name="Time">Commit time, or null where the body has none.</param>
public sealed record VersionInfo(string Version, DateTimeOffset? Time)
{
    /// <summary>Largest body that is read, in bytes. Real ones have a few hundred.</summary>
    public const int MaxSize = 1 << 20;

    /// <summary>
    /// Reads the JSON as the <c>go</c> command does: names in any case, unknown ones ignored, <c>Version</c> required
    /// and canonical, <c>Time</c> RFC 3339.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out VersionInfo? info, [NotNullWhen(false)] out string? error)
    {
        info = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                error = "not a JSON object";
                return false;
            }

            string? version = null;
            DateTimeOffset? time = null;
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals("Version") || property.Name.Equals("Version", StringComparison.OrdinalIgnoreCase))
                    version = property.Value.GetString();
                else if (property.Name.Equals("Time", StringComparison.OrdinalIgnoreCase)
                    && property.Value.ValueKind != JsonValueKind.Null)
                    time = DateTimeOffset.Parse(
                        property.Value.GetString() ?? "", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            }

            if (version is null || !Semver.IsCanonical(version))
            {
                error = $"Version is '{version}', not a canonical version";
                return false;
            }

            info = new VersionInfo(version, time);
            error = null;
            return true;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            error = e is JsonException ? "not valid JSON" : "Time is not an RFC 3339 time, or a field is not a string";
            return false;
        }
    }
}
