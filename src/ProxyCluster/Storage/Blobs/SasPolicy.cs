using Azure.Core;
using Azure.Core.Pipeline;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Adds the shared access signature to a request's URL, once per call: attempts share the URL. The pipeline's log prints
/// only query parameters that it was told to, and this is none of them.
/// </summary>
internal sealed class SasPolicy(string sas) : HttpPipelineSynchronousPolicy
{
    /// <inheritdoc/>
    public override void OnSendingRequest(HttpMessage message)
    {
        var uri = message.Request.Uri;
        uri.Query = string.IsNullOrEmpty(uri.Query) ? "?" + sas : uri.Query + "&" + sas;
    }
}
