using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>The word <c>direct</c>: the module's own version control system, which is not asked yet.</summary>
internal sealed class DirectUpstream : IUpstream
{
    public string Name => "direct";

    public bool IsRemote => false;

    /// <inheritdoc/>
    public Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct) =>
        Task.FromResult<UpstreamReply>(UpstreamFault.Final(
            FailureKind.NotSupported,
            $"{request.Resource}: \"direct\" in the upstream list is not supported yet; name a module proxy that has it instead"));
}
