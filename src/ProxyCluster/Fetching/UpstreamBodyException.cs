using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>
/// The body of an upstream's answer cannot be read further. An exception only because <see cref="Stream"/> has no other
/// way to say so; <see cref="UpstreamChain"/> turns it back into its failure.
/// </summary>
internal sealed class UpstreamBodyException(Failure failure, Exception? inner = null) : IOException(failure.Message, inner)
{
    /// <summary>Why.</summary>
    public Failure Failure { get; } = failure;
}
