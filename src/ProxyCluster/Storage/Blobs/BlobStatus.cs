using System.Globalization;
using System.Net;
using Azure;
using Azure.Storage.Blobs.Models;

namespace ProxyCluster.Storage.Blobs;

/// <summary>What the service answered: status, and its error code when it gave one.</summary>
internal readonly record struct BlobStatus(int Status, string? Code)
{
    /// <summary>Any of the 2xx.</summary>
    public static BlobStatus Success { get; } = new((int)HttpStatusCode.OK, null);

    /// <summary>True for 2xx.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>True where there is no such blob (and not: no such container).</summary>
    public bool IsAbsent => Status == 404 && (Code is null || Code == BlobErrorCode.BlobNotFound);

    /// <summary>True where the condition of a call did not hold, because somebody else wrote: both statuses mean that.</summary>
    public bool IsConditionLost => Status == 412 || (Status == 409 && Code == BlobErrorCode.BlobAlreadyExists);

    /// <summary>True where asking again later may help without anybody changing a setting.</summary>
    public bool IsOutage => Status is 408 or 429 or >= 500;

    /// <summary>The refusal that a failed call got; null where it got no answer, or one that makes no sense.</summary>
    public static BlobStatus? OfOrNull(Exception e) =>
        e is RequestFailedException { Status: >= 300 } refusal ? new BlobStatus(refusal.Status, refusal.ErrorCode) : null;

    /// <inheritdoc/>
    public override string ToString() => Code is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Status} {(HttpStatusCode)Status}")
        : string.Create(CultureInfo.InvariantCulture, $"{Status} {Code}");
}
