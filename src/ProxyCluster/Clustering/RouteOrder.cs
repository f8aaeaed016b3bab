using System.Collections.Immutable;

namespace ProxyCluster.Clustering;

/// <summary>
/// Which silos may answer a client's request, best first, as a pure function of the view: those of the wanted region,
/// then those of the next regions in the order of failover. Inside a region the key's owner comes first, so that a
/// region's front ends find what the region has stored.
/// </summary>
internal static class RouteOrder
{
    /// <summary>
    /// The silos for a key. <paramref name="wanted"/> is the region that the request names, or null; one that is not
    /// usable counts as not named. <paramref name="home"/> is the region of the front end.
    /// </summary>
    public static ImmutableArray<Member> For(string key, string? wanted, string home, ClusterView view) =>
    [
        .. Regions(wanted, home, view).SelectMany(region => RegionalOwner.For(key, region, view)),
    ];

    /// <summary>The usable regions in the order in which to try them.</summary>
    public static IEnumerable<string> Regions(string? wanted, string home, ClusterView view)
    {
        var order = view.Routing.FailoverOrder.GetValueOrDefault(home);
        var others = view.Members.Select(static m => m.Region).Order(StringComparer.Ordinal);
        return new[] { wanted, home }
            .Concat(order.IsDefault ? [] : order)
            .Concat(others)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Where(view.Routing.IsUsable);
    }
}
