using System.Globalization;

namespace ProxyCluster.Bills;

/// <summary>Moments as a bill has them: seconds, UTC.</summary>
internal static class BillTime
{
    public static string? OrNull(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
