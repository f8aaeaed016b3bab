using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Orleans.Runtime;
using ProxyCluster.Benchmarks.Trace.Sources;
using ProxyCluster.Clustering;
using ProxyCluster.Placement;
using ProxyCluster.Routing;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>
/// The cluster as the product's own rules see it, with silos and regions as numbers. What a rule says of a whole view is
/// asked once for each view; which silo of a region wins a module version, once for each of both: silos come and go with
/// their region, so that answer stays.
/// </summary>
internal sealed class TraceCluster
{
    private readonly ITraceSource _source;
    private readonly int _perRegion;
    private readonly ulong[] _keys;
    private readonly ulong[] _silos;
    private readonly ushort[]?[] _winners;
    private readonly Dictionary<Member, int> _numbers = [];
    private readonly ImmutableArray<Candidate> _all;
    private ImmutableArray<Candidate> _usable = [];
    private int[] _answering = [];
    private bool[] _isLive = [];
    private ImmutableArray<AskLevel>[] _steps = [];
    private string[] _liveRegions = [];
    private bool _isSharePartial;

    /// <param name="source">Names of regions and module versions.</param>
    /// <param name="perRegion">Silos in each region.</param>
    public TraceCluster(ITraceSource source, int perRegion)
    {
        (_source, _perRegion) = (source, perRegion);
        Members =
        [
            .. source.Regions.SelectMany(region => Enumerable.Range(1, perRegion).Select(number => Silo(region, number))),
        ];
        foreach (var (number, member) in Members.Index())
            _numbers[member] = number;
        _all = [.. Members.Select(static (member, number) => new Candidate(SiloAddress.New(IPAddress.Loopback, number % 65536, 1), member))];
        _silos = [.. Members.Select(static member => RendezvousHash.Text(member.Address.Authority))];
        _winners = new ushort[source.Regions.Count][];
        _keys = new ulong[source.Versions];
        for (var version = 0; version < _keys.Length; version++)
            _keys[version] = RendezvousHash.Text(source.NameOf(version));
        View = ClusterView.Empty;
        Become(new ClusterView(Members, RoutingTable.Empty));
    }

    /// <summary>All silos that there ever are, by number: region by region.</summary>
    public ImmutableArray<Member> Members { get; }

    /// <summary>The present view.</summary>
    public ClusterView View { get; private set; }

    /// <summary>The region of a silo.</summary>
    public int RegionOf(int silo) => silo / _perRegion;

    /// <summary>The silo of a member.</summary>
    public int NumberOf(Member member) => _numbers[member];

    /// <summary>Takes a view in.</summary>
    public void Become(ClusterView view)
    {
        View = view;
        var live = view.Members.ToHashSet();
        _isLive = [.. Members.Select(live.Contains)];
        _liveRegions = [.. view.Members.Select(static member => member.Region).Distinct(StringComparer.Ordinal)];
        _usable = Candidates.Usable([.. _all.Where(candidate => live.Contains(candidate.Card!))], view.Routing);
        _isSharePartial = view.Routing.Regions.Any(static region => region.Share < 100);
        _answering = [.. _source.Regions.Select(home => RouteOrder.Regions(null, home, view).Where(_liveRegions.Contains).Select(NumberOfRegion).FirstOrDefault(-1))];
        _steps =
        [
            .. _source.Regions.Select((_, region) => AskPath.ToEngine(Members[region * _perRegion], AskLevel.Client, view).Select(static step => step.Level).ToImmutableArray()),
        ];
    }

    /// <summary>The region whose silos answer clients of a region; -1 where nobody does.</summary>
    public int AnsweringFor(int home) => _answering[home];

    /// <summary>As what a silo of the region asks the engine for what it lacks, best first.</summary>
    public ImmutableArray<AskLevel> StepsOf(int region) => _steps[region];

    /// <summary>Is the silo there?</summary>
    public bool IsLive(int silo) => _isLive[silo];

    /// <summary>The silo of a region that a front end asks for a module version, and in which the region's copy lives.</summary>
    public int WinnerIn(int region, int version)
    {
        var winners = _winners[region] ??= new ushort[_keys.Length];
        if (winners[version] == 0)
            winners[version] = (ushort)(1 + RendezvousHash.WinnerOf(_keys[version], _silos.AsSpan(region * _perRegion, _perRegion)));
        return (region * _perRegion) + winners[version] - 1;
    }

    /// <summary>The silo on which the grain of a module version is placed when a silo of a region calls it.</summary>
    public int PlaceFor(int region, int version)
    {
        // 1. Where every region takes all of its keys, no filter takes the caller's region out if it is in service.
        var name = _source.Regions[region];
        if (!_isSharePartial && View.Routing.IsUsable(name))
            return WinnerIn(region, version);

        // 2. The filters of the grain, in their order; the last one is Orleans' own.
        var key = _source.NameOf(version);
        var candidates = Candidates.WithinShare(key, _usable, View.Routing);
        var near = candidates.Where(candidate => candidate.Card!.Region == name).ToImmutableArray();
        return NumberOf(Candidates.WinnerOrNull(key, near.IsEmpty ? candidates : near)!.Card!);
    }

    /// <summary>The regions other than one in a module version's order, those in service that have silos.</summary>
    public IEnumerable<string> OtherRegions(int region, int version) =>
        OwnerOrder.Regions(_keys[version], _liveRegions.Where(other => other != _source.Regions[region]), View.Routing);

    /// <summary>The number of a region.</summary>
    public int NumberOfRegion(string region)
    {
        for (var number = 0; number < _source.Regions.Count; number++)
        {
            if (_source.Regions[number] == region)
                return number;
        }

        throw new ArgumentException($"no region is named {region}", nameof(region));
    }

    private static Member Silo(string region, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{region}-{number}");
        return new Member(name, region, new Uri($"http://{name}:8080"), Role.Silo, "trace");
    }
}
