using System.Collections.Immutable;

namespace ProxyCluster.Failover;

/// <summary>
/// Where each region's traffic moves: as configured, otherwise to the nearest by measured round trips. A measured order
/// changes only for a clear gain and not more than once a minute, because every change is an epoch.
/// </summary>
internal static class RegionOrder
{
    private const double Bucket = 5; // milliseconds; what is closer together than this counts as equally near
    private const double ClearGain = 0.8;

    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    /// <summary>Puts new orders into the draft; gives the regions whose order changed.</summary>
    public static ImmutableHashSet<string> Revise(
        TableDraft draft, ImmutableDictionary<string, RegionDiagnosis> diagnoses, FailoverInput input, FailoverOptions options)
    {
        var changed = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        var names = draft.Regions.Select(static entry => entry.Name).ToImmutableArray();
        foreach (var region in names)
        {
            var present = input.Table.FailoverOrder.GetValueOrDefault(region, []);
            var (next, reason) = options.Order.TryGetValue(region, out var configured)
                ? (Parse(configured), "as configured")
                : (Measured(region, present, [.. names.Remove(region)], diagnoses[region].Memory.OrderSince, input), "by measured round trips");
            if (next.IsEmpty || next.SequenceEqual(present, StringComparer.Ordinal))
                continue;
            draft.Reorder(region, next, $"its traffic moves to {string.Join(", ", next)}: {reason}");
            changed.Add(region);
        }

        return changed.ToImmutable();
    }

    /// <summary>Reads a configured order: names separated by commas.</summary>
    public static ImmutableArray<string> Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static ImmutableArray<string> Measured(
        string region, ImmutableArray<string> present, ImmutableArray<string> others, TimeSpan? changedAt, FailoverInput input)
    {
        if (others.Length < 2)
            return present;
        var times = input.Members
            .Where(member => member.Region == region)
            .Select(member => input.Reports.GetValueOrDefault(member.Id)?.Report.RoundTrips)
            .OfType<ImmutableSortedDictionary<string, double>>()
            .SelectMany(static trips => trips)
            .GroupBy(static trip => trip.Key, static trip => trip.Value, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => group.Order().ElementAt(group.Count() / 2), StringComparer.Ordinal);

        // Half an order would be written over a moment later, when the rest is measured.
        if (!others.All(times.ContainsKey) || input.Now - changedAt < Hold)
            return present;
        var isSameSet = present.Order(StringComparer.Ordinal).SequenceEqual(others, StringComparer.Ordinal);
        if (isSameSet && !HasClearGain(present, times))
            return present;
        return [.. others.OrderBy(other => Math.Floor(times[other] / Bucket)).ThenBy(static other => other, StringComparer.Ordinal)];
    }

    private static bool HasClearGain(ImmutableArray<string> order, Dictionary<string, double> times) =>
        order.Zip(order.Skip(1)).Any(pair => times[pair.Second] + Bucket < times[pair.First] * ClearGain);
}
