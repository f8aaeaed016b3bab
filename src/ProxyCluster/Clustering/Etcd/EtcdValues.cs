using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Routing;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// What stands under the keys, as JSON for people with <c>etcdctl</c>. Fields that a newer version added are ignored;
/// what cannot be read at all is null, and the reader keeps what it knew.
/// </summary>
internal static class EtcdValues
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>A member; <paramref name="isLeaving"/> in its last write, so that nobody waits for its return.</summary>
    public static byte[] FromMember(Member member, bool isLeaving = false) =>
        JsonSerializer.SerializeToUtf8Bytes(new MemberValue(member, isLeaving), Json);

    /// <summary>The member, and whether it is leaving; null when unreadable.</summary>
    public static MemberValue? MemberOrNull(byte[]? value) =>
        ParseOrNull<MemberValue>(value) is { Member: { Id: not null, Region: not null, Address: { IsAbsoluteUri: true } } } read ? read : null;

    /// <summary>A routing table.</summary>
    public static byte[] FromRouting(RoutingTable table) => JsonSerializer.SerializeToUtf8Bytes(table, Json);

    /// <summary>The routing table; null when unreadable.</summary>
    public static RoutingTable? RoutingOrNull(byte[]? value) =>
        ParseOrNull<RoutingTable>(value) is { Epoch: > 0, Regions.IsDefault: false, FailoverOrder: not null } table ? table : null;

    private static T? ParseOrNull<T>(byte[]? value)
        where T : class
    {
        try
        {
            return value is null ? null : JsonSerializer.Deserialize<T>(value, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What stands under a member's key.</summary>
    public sealed record MemberValue(Member Member, bool IsLeaving);
}
