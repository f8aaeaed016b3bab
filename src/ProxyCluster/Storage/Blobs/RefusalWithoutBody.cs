using Azure.Core;
using Azure.Core.Pipeline;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Drops what a refusal says besides status and code, which are in its headers: the package would parse and quote it in an
/// exception, at twice the cost, and absence, the commonest answer, is a refusal.
/// </summary>
internal sealed class RefusalWithoutBody : HttpPipelineSynchronousPolicy
{
    /// <inheritdoc/>
    public override void OnReceivedResponse(HttpMessage message)
    {
        if (message.Response is { Status: >= 400, ContentStream: { } body } response)
        {
            body.Dispose();
            response.ContentStream = null;
        }
    }
}
