using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Routing;

/// <summary>
/// A routing table as JSON, for stores and for the way between members. Fields that a newer version added are ignored;
/// what cannot be read at all is null, and the reader keeps what it knew.
/// </summary>
internal static class RoutingTableJson
{
    /// <summary>Writes a table.</summary>
    public static byte[] Write(RoutingTable table) => JsonSerializer.SerializeToUtf8Bytes(table, RoutingJson.Default.RoutingTable);

    /// <summary>Reads one; null when there is none or it cannot be read.</summary>
    public static RoutingTable? ReadOrNull(byte[]? text)
    {
        try
        {
            // None is what nearly every report and answer brings: it has to cost nothing.
            return text is { Length: > 0 }
                && JsonSerializer.Deserialize(text, RoutingJson.Default.RoutingTable) is { Epoch: > 0, Regions.IsDefault: false, FailoverOrder: not null } table
                    ? table
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The form of a routing table, made by the compiler: a silo that starts has no need to look for it.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    Converters = [typeof(InWords<RegionState>), typeof(InWords<IntentKind>), typeof(InWords<RoutingEventKind>)])]
[JsonSerializable(typeof(RoutingTable))]
internal sealed partial class RoutingJson : JsonSerializerContext
{
    private sealed class InWords<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
        where T : struct, Enum;
}
