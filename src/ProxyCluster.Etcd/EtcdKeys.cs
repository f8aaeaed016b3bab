using System.Text;
using Orleans.Configuration;
using Orleans.Runtime;

namespace ProxyCluster.Etcd;

/// <summary>
/// Draws the keys, and alone builds and reads them:
/// <code>
/// {prefix}/membership/{service}/{cluster}/version          the table's version
/// {prefix}/membership/{service}/{cluster}/silo/{address}   a row
/// {prefix}/membership/{service}/{cluster}/alive/{address}  the row's last heartbeat
/// {prefix}/state/{service}/{state}/{grain type}/{grain key}
/// </code>
/// Names are percent-encoded where they would be mistaken for something else or not be printed, so that no two of them meet.
/// </summary>
internal static class EtcdKeys
{
    private const string Printed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@[]";

    /// <summary>What all keys of a membership table begin with.</summary>
    public static string Table(EtcdOptions options, string service, string cluster) =>
        $"{options.KeyPrefix}/membership/{Encode(service)}/{Encode(cluster)}/";

    /// <summary>The table's version.</summary>
    public static string Version(string table) => table + "version";

    /// <summary>A silo's row.</summary>
    public static string Silo(string table, SiloAddress silo) => $"{table}silo/{silo.ToParsableString()}";

    /// <summary>A silo's last heartbeat.</summary>
    public static string Alive(string table, SiloAddress silo) => $"{table}alive/{silo.ToParsableString()}";

    /// <summary>A grain's state.</summary>
    public static byte[] State(EtcdOptions options, ClusterOptions cluster, string state, GrainId grain) => Bytes(
        $"{options.KeyPrefix}/state/{Encode(cluster.ServiceId)}/{Encode(state)}/{Encode(grain.Type.Value.AsSpan())}/{Encode(grain.Key.AsSpan())}");

    /// <summary>A key as etcd takes it.</summary>
    public static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);

    /// <summary>A key as etcd gave it.</summary>
    public static string Text(byte[] key) => Encoding.UTF8.GetString(key);

    /// <summary>The key after the last one that begins with <paramref name="prefix"/>: '0' follows '/'.</summary>
    public static byte[] EndOf(string prefix) => Bytes(prefix[..^1] + "0");

    private static string Encode(string name) => Encode(Encoding.UTF8.GetBytes(name));

    private static string Encode(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var one in name)
        {
            if (Printed.Contains((char)one, StringComparison.Ordinal))
                text.Append((char)one);
            else
                text.Append('%').Append(one.ToString("X2", null));
        }

        return text.ToString();
    }
}
