using System.Globalization;
using System.Net;

namespace ProxyCluster.Storage.Blobs;

/// <summary>What the service answered: status, and its error code when it gave one.</summary>
internal readonly record struct BlobStatus(int Status, string? Code)
{
    /// <summary>True for 2xx.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>True where there is no such blob (and not: no such container).</summary>
    public bool IsAbsent => Status == 404 && Code is null or "BlobNotFound";

    /// <summary>True where the condition of a call did not hold, because somebody else wrote.</summary>
    public bool IsConditionLost => Status == 412 || (Status == 409 && Code is "BlobAlreadyExists");

    /// <summary>True where asking again later may help without anybody changing a setting.</summary>
    public bool IsOutage => Status is 408 or 429 or >= 500;

    /// <inheritdoc/>
    public override string ToString() => Code is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Status} {(HttpStatusCode)Status}")
        : string.Create(CultureInfo.InvariantCulture, $"{Status} {Code}");
}
