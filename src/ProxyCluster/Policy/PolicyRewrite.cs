using ProxyCluster.GoModules.Direct;

namespace ProxyCluster.Policy;

/// <summary>
/// Who is asked for a module in place of the list of upstreams. It is the same for whoever asks, and at every member that obeys the policy: a module
/// version is fetched once for all of them. What its go.mod calls itself stays, so this is about where it is, and not what it is.
/// </summary>
/// <param name="Number">The policy's.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Upstream">The upstream, as it is shown: <c>direct</c>, or an address without a login.</param>
/// <param name="Repository">Of <c>direct</c>, where the module is kept; null for where its name leads.</param>
internal sealed record PolicyRewrite(long Number, string Rule, string Upstream, RepositoryRoot? Repository)
{
    /// <summary>The word for a module's repository.</summary>
    public const string Direct = "direct";

    /// <summary>What is known of a module by asking there goes by this.</summary>
    public string Place => Repository is null ? Upstream : $"{Upstream} {Repository.Url}";

    /// <summary>For people.</summary>
    public override string ToString() => $"policy {Number}, rule {Rule}, has {Place} asked";
}
