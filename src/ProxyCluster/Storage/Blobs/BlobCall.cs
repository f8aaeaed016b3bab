using System.Xml;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// How calls of the package end here: what the service says is a value; that it says nothing, after all retries, is a
/// <see cref="StoreException"/>. The package's own messages quote whole answers, so of a refusal only status and code are kept.
/// </summary>
internal static class BlobCall
{
    /// <summary>The container's URL without its query, which may be a signature.</summary>
    public static string NameOf(BlobContainerClient container) => container.Uri.GetLeftPart(UriPartial.Path);

    /// <summary>Waits for a call; its value is the default with any other status than a success.</summary>
    public static async Task<(BlobStatus Status, T? Value)> AskAsync<T>(
        this BlobContainerClient container, Task<T> call, CancellationToken cancel)
    {
        try
        {
            return (BlobStatus.Success, await call);
        }
        catch (Exception e) when (IsFailure(e))
        {
            if (BlobStatus.OfOrNull(e) is { } status)
                return (status, default);
            cancel.ThrowIfCancellationRequested();
            throw new StoreException($"{NameOf(container)} did not answer: {WhyOf(e)}", Innermost(e));
        }
    }

    /// <summary>Is this how the package reports that a call failed?</summary>
    public static bool IsFailure(Exception e) => e is RequestFailedException or IOException or HttpRequestException
        or OperationCanceledException or AggregateException or AuthenticationFailedException or XmlException;

    /// <summary>Why a call failed, in one line without secrets.</summary>
    public static string WhyOf(Exception e) =>
        BlobStatus.OfOrNull(e)?.ToString() ?? Innermost(e).Message.Split('\n')[0].Trim();

    // The package gathers the failures of all attempts; the last one says most.
    private static Exception Innermost(Exception e) => e switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Innermost(last),
        RequestFailedException { InnerException: { } inner } => Innermost(inner),
        _ => e,
    };
}
