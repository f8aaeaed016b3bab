using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Draws the cluster's part of etcd's keys, and alone builds and reads them:
/// <code>
/// /proxycluster/{cluster}/members/{id}   a member, on its lease
/// /proxycluster/{cluster}/routing        the routing table, on no lease
/// /proxycluster/{cluster}/authority      the authority's id, on its lease
/// </code>
/// </summary>
internal sealed class EtcdKeys(string cluster)
{
    private readonly string _prefix = $"/proxycluster/{cluster}/";

    /// <summary>First key of the cluster.</summary>
    public byte[] First => Bytes(_prefix);

    /// <summary>The key after the cluster's last one: '0' follows '/'.</summary>
    public byte[] End => Bytes(_prefix[..^1] + "0");

    /// <summary>The routing table.</summary>
    public string Routing => _prefix + "routing";

    /// <summary>The authority.</summary>
    public string Authority => _prefix + "authority";

    /// <summary>A member.</summary>
    public string Member(string id) => $"{_prefix}members/{id}";

    /// <summary>The id in a member's key.</summary>
    public bool TryParseMember(string key, [NotNullWhen(true)] out string? id)
    {
        var members = _prefix + "members/";
        id = key.StartsWith(members, StringComparison.Ordinal) ? key[members.Length..] : null;
        return id is { Length: > 0 };
    }

    /// <summary>A key as etcd takes it.</summary>
    public static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);

    /// <summary>A key as etcd gave it.</summary>
    public static string Text(byte[] key) => Encoding.UTF8.GetString(key);
}
