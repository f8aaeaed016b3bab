using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>
/// The word <c>off</c>: policy says that nobody further may be asked. That is not absence, so a client behind us must
/// not go on to its next entry (design rule 4).
/// </summary>
internal sealed class OffUpstream : IUpstream
{
    public string Name => "off";

    public bool IsRemote => false;

    /// <inheritdoc/>
    public Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct) =>
        Task.FromResult<UpstreamReply>(UpstreamFault.Final(
            FailureKind.Blocked, $"{request.Resource} is not available: the upstream list ends with \"off\""));
}
