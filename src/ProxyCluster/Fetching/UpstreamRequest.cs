using ProxyCluster.Policy;

namespace ProxyCluster.Fetching;

/// <summary>A question to the upstream chain.</summary>
/// <param name="Resource">What is wanted.</param>
/// <param name="SizeLimit">
/// Bytes of body that are accepted; more is invalid content. Null takes the limit of the options for this sort of thing.
/// </param>
/// <param name="Validators">What is already held, so that its upstream may answer "not modified".</param>
internal sealed record UpstreamRequest(UpstreamResource Resource, long? SizeLimit = null, UpstreamValidators? Validators = null)
{
    /// <summary>
    /// False where somebody else has just tried in vain: an upstream that asks us to come back later is not waited for, when he has
    /// waited already. What fails at once is tried again as ever.
    /// </summary>
    public bool MayWait { get; init; } = true;

    /// <summary>Who is asked in place of the list; null for the list.</summary>
    public PolicyRewrite? Rewrite { get; init; }
}
