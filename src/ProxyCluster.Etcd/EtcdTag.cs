using System.Globalization;

namespace ProxyCluster.Etcd;

/// <summary>Entity tags: the revision at which etcd last changed a key, 0 for a key that does not exist.</summary>
internal static class EtcdTag
{
    public static string Write(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    /// <summary>False for what was never a tag of ours, and so never that of a present value.</summary>
    public static bool TryParse(string? tag, out long revision) =>
        long.TryParse(tag, NumberStyles.None, CultureInfo.InvariantCulture, out revision);
}
