namespace ProxyCluster.Http;

/// <summary>Status codes as label values without an allocation per request.</summary>
internal static class Statuses
{
    private static readonly object[] All = [.. Enumerable.Range(0, 600).Select(static i => (object)i)];

    public static object Boxed(int status) => (uint)status < (uint)All.Length ? All[status] : status;
}
