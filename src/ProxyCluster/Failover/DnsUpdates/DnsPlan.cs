using System.Collections.Immutable;
using System.Net;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>
/// From a routing table to what names in DNS are to hold: pure, and of the table alone, so that whoever is the authority writes the same.
/// A region that the table does not mention was never seen, or is forgotten: nobody is sent there.
/// </summary>
internal static class DnsPlan
{
    /// <summary>Every name with its addresses, in the order of the options; none before there is a table.</summary>
    public static ImmutableArray<DnsHolding> Of(RoutingTable table, DnsOptions options)
    {
        if (table.Epoch == 0)
            return [];
        var plan = ImmutableArray.CreateBuilder<DnsHolding>();
        foreach (var region in options.Regions)
        {
            if (DnsName.TryParse(region.Name, out var name))
                plan.Add(new DnsHolding(name, AddressesOf(StandInFor(region, table, options))));
        }

        if (DnsName.TryParse(options.All, out var all))
        {
            // With nobody in service an address that may answer is better than none.
            var inService = options.Regions.Where(region => IsInService(region, table)).ToList();
            plan.Add(new DnsHolding(all, [.. (inService.Count > 0 ? inService : options.Regions).SelectMany(static region => AddressesOf(region)).Distinct()]));
        }

        return plan.ToImmutable();
    }

    private static DnsRegionOptions StandInFor(DnsRegionOptions region, RoutingTable table, DnsOptions options)
    {
        if (IsInService(region, table))
            return region;
        var order = table.FailoverOrder.GetValueOrDefault(region.Region, []);
        return options.Regions
            .Where(other => IsInService(other, table))
            .OrderBy(other => order.IndexOf(other.Region) is >= 0 and var place ? place : int.MaxValue)
            .ThenBy(static other => other.Region, StringComparer.Ordinal)
            .FirstOrDefault(region);
    }

    private static bool IsInService(DnsRegionOptions region, RoutingTable table) => table.FindOrNull(region.Region) is { IsUsable: true };

    private static ImmutableArray<IPAddress> AddressesOf(DnsRegionOptions region) => [.. region.Addresses.Select(IPAddress.Parse)];
}
