using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Routing;

/// <summary>
/// A routing table as JSON, for stores and for the way between members. Fields that a newer version added are ignored;
/// what cannot be read at all is null, and the reader keeps what it knew.
/// </summary>
internal static class RoutingTableJson
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Writes a table.</summary>
    public static byte[] Write(RoutingTable table) => JsonSerializer.SerializeToUtf8Bytes(table, Json);

    /// <summary>Reads one; null when there is none or it cannot be read.</summary>
    public static RoutingTable? ReadOrNull(byte[]? text)
    {
        try
        {
            return text is not null
                && JsonSerializer.Deserialize<RoutingTable>(text, Json) is { Epoch: > 0, Regions.IsDefault: false, FailoverOrder: not null } table
                    ? table
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
