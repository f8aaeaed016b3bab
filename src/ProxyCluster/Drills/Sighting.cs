using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Drills;

/// <summary>What one member said of itself and of the cluster, or that it said nothing.</summary>
/// <param name="Member">Its name in the cluster's plan.</param>
/// <param name="Region">Its region.</param>
/// <param name="Answers">False when it did not answer in time; the rest is empty then.</param>
/// <param name="IsReady">Whether it wants traffic.</param>
/// <param name="Epoch">Epoch of its routing table.</param>
/// <param name="Regions">How it sees each region: state and share, for instance <c>active 100 %</c>.</param>
/// <param name="IsEngineDegraded">Whether it works from its last known view.</param>
/// <param name="IsStoreOk">Whether its store takes data.</param>
/// <param name="IsUpstreamAway">Whether the breaker of one of its upstreams is not closed.</param>
internal sealed record Sighting(
    string Member,
    string Region,
    bool Answers,
    bool IsReady,
    long Epoch,
    ImmutableSortedDictionary<string, string> Regions,
    bool IsEngineDegraded,
    bool IsStoreOk,
    bool IsUpstreamAway)
{
    /// <summary>A region that owns all of its keys.</summary>
    public const string WholeShare = "active 100 %";

    /// <summary>A member that does not answer.</summary>
    public static Sighting Silent(string member, string region) => new(
        member, region, false, false, 0, ImmutableSortedDictionary<string, string>.Empty, false, false, false);

    /// <summary>Reads the report of <c>/readyz</c>, fit to be shown. Lines that it does not know, or that make no sense, are passed over.</summary>
    public static Sighting Of(string member, string region, string report)
    {
        var regions = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var sighting = Silent(member, region) with { Answers = true, IsStoreOk = true };
        foreach (var said in report.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var line = LogText.Clean(said, LogText.MaxLine);
            var (name, value) = line.Split(": ", 2) is [var left, var right] ? (left, right) : (line, "");
            switch (name.Split(' '))
            {
                case ["ready"]:
                    sighting = sighting with { IsReady = true };
                    break;
                case ["engine"]:
                    sighting = sighting with { IsEngineDegraded = value.StartsWith("degraded", StringComparison.Ordinal) };
                    break;
                case ["store"]:
                    sighting = sighting with { IsStoreOk = value == "ok" };
                    break;
                case ["routing"] when value.Split(' ') is ["epoch", var number] && long.TryParse(number, CultureInfo.InvariantCulture, out var epoch):
                    sighting = sighting with { Epoch = epoch };
                    break;
                case ["region", var other]:
                    regions[other] = value.Split(" (", 2)[0];
                    break;
                case ["upstream", ..] when value != "closed":
                    sighting = sighting with { IsUpstreamAway = true };
                    break;
            }
        }

        return sighting with { Regions = regions.ToImmutable() };
    }

    /// <summary>Whether a region is one that this member sends nothing to.</summary>
    public bool SeesOutOfService(string region) =>
        Regions.GetValueOrDefault(region) is { } state
        && (state.StartsWith("failed", StringComparison.Ordinal) || state.StartsWith("drained", StringComparison.Ordinal));

    /// <summary>Whether a region is in full service in this member's eyes; one that no table mentions is.</summary>
    public bool SeesWhole(string region) => Regions.GetValueOrDefault(region, WholeShare) == WholeShare;
}
