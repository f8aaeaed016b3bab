using Orleans;
using Orleans.Runtime;
using ProxyCluster.Grains;

namespace ProxyCluster.Demo;

/// <summary>Where the grains of module versions live, as Orleans counts them itself: every silo is asked at each look.</summary>
internal sealed class GrainOwners
{
    // Orleans does not say since when; the looks do.
    private readonly Dictionary<string, SiloAddress> _known = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>Every module version that has an owner now, the newest last, and the silo in which that lives.</summary>
    /// <param name="grains">The way to grains; null while there is none: then what was seen last stands.</param>
    public async Task<IReadOnlyList<(string ModuleVersion, SiloAddress Silo)>> LookAsync(IGrainFactory? grains)
    {
        try
        {
            if (grains is not null)
            {
                var kind = grains.GetGrain<IModuleVersionGrain>("any@v1.0.0").GetGrainId().Type;
                var all = await grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
                Take(all.Where(grain => grain.GrainId.Type == kind));
            }
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // A silo has gone and is not dead by the votes yet; the next look will tell.
        }

        return [.. _order.Select(key => (key, _known[key]))];
    }

    private void Take(IEnumerable<DetailedGrainStatistic> statistics)
    {
        _known.Clear();
        foreach (var grain in statistics)
            _known[grain.GrainId.Key.ToString()!] = grain.SiloAddress;
        _order.RemoveAll(key => !_known.ContainsKey(key));
        _order.AddRange(_known.Keys.Except(_order).Order(StringComparer.Ordinal).ToList());
    }
}
