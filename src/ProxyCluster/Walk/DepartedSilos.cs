using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Walk;

/// <summary>
/// The silos that this process has seen leave the view, for as long as a region that was out of service is given to catch
/// up (<see cref="FailoverOptions.CatchUpFor"/>). Their keys have fallen to silos that may lack what others have stored:
/// a restart must not cost an upstream fetch of everything that is asked for meanwhile.
/// </summary>
internal sealed class DepartedSilos : IDisposable
{
    private readonly IEngine _engine;
    private readonly TimeSpan _keepFor;
    private readonly TimeProvider _clock;

    // Guards the two below; the list is read without.
    private readonly Lock _lock = new();
    private ImmutableArray<Member> _present;
    private ImmutableList<(Member Silo, long Since)> _departed = [];

    public DepartedSilos(IEngine engine, IOptions<FailoverOptions> options, TimeProvider clock)
    {
        _engine = engine;
        _keepFor = options.Value.CatchUpFor;
        _clock = clock;
        _present = SilosOf(engine.View);
        engine.ViewChanged += Look;
    }

    /// <summary>Whether a departed silo would own the key if it were still here, and all regions in service.</summary>
    public bool WouldOwn(string key, ClusterView view)
    {
        var departed = _departed;
        if (departed.IsEmpty)
            return false;

        var silos = departed.Where(gone => _clock.GetElapsedTime(gone.Since) < _keepFor).Select(static gone => gone.Silo).ToList();
        return WouldOwn(key, view, silos);
    }

    /// <summary>Whether one of the silos, which are gone, would own the key if they were still here, and all regions in service.</summary>
    public static bool WouldOwn(string key, ClusterView view, IReadOnlyCollection<Member> gone) =>
        gone.Count > 0
        && OwnerOrder.For(key, new ClusterView([.. view.Members, .. gone], RoutingTable.Empty)) is [var owner, ..]
        && gone.Contains(owner);

    /// <inheritdoc/>
    public void Dispose() => _engine.ViewChanged -= Look;

    private void Look(ClusterView view)
    {
        lock (_lock)
        {
            // By address, as ownership goes: a silo that is back has its disk and its keys again, under a new id.
            var present = SilosOf(view);
            var addresses = present.Select(static silo => silo.Address).ToHashSet();
            _departed =
            [
                .. _departed.Where(gone => !addresses.Contains(gone.Silo.Address) && _clock.GetElapsedTime(gone.Since) < _keepFor),
                .. _present.Where(silo => !addresses.Contains(silo.Address)).Select(silo => (silo, _clock.GetTimestamp())),
            ];
            _present = present;
        }
    }

    private static ImmutableArray<Member> SilosOf(ClusterView view) => [.. view.Members.Where(static member => member.IsSilo)];
}
