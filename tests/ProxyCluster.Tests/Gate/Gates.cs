using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Advisories;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.Policy;
using ProxyCluster.Rulings;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Gate;

/// <summary>Gates without a host around them.</summary>
internal static class Gates
{
    /// <summary>A gate; what is not said is open and empty.</summary>
    public static ModuleGate Of(Verifier verifier, RulingBook rulings, AccessOptions? access = null, PolicyBook? policy = null, TimeProvider? clock = null) =>
        new(verifier, rulings, new AccessRules(Options.Create(access ?? new AccessOptions())), policy ?? Book(clock), clock ?? TimeProvider.System);

    /// <summary>A book without a policy, in Tokyo.</summary>
    public static PolicyBook Book(TimeProvider? clock = null) => Book(new AdvisoryBook(clock ?? TimeProvider.System), clock);

    /// <summary>The same, by these advisories.</summary>
    public static PolicyBook Book(AdvisoryBook advisories, TimeProvider? clock = null) =>
        new(Options.Create(new ClusteringOptions { Region = "tokyo" }), advisories, clock ?? TimeProvider.System);

    /// <summary>Puts a policy in force.</summary>
    public static void Take(this PolicyBook book, string yaml) =>
        Assert.Null(book.TakeOrFault(book.Archive.With(yaml, "alice", "a test", default).Write()));
}
