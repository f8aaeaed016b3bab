using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Failover;

/// <summary>
/// A cluster of reports without processes: time moves in ticks, silos that are not silenced report every second, and the
/// rules look at every tick, as an authority does.
/// </summary>
internal sealed class RulesBench
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<string> _silent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<HealthReport, HealthReport>> _shape = new(StringComparer.Ordinal);
    private long _sequence;

    public RulesBench(int regions = 3, int silos = 2, Action<FailoverOptions>? configure = null)
    {
        configure?.Invoke(Options);
        foreach (var region in Names.Take(regions))
        {
            for (var silo = 1; silo <= silos; silo++)
                Join(region, $"{region}-{silo}");
        }

        Run(TimeSpan.FromSeconds(2));
    }

    public static IReadOnlyList<string> Names { get; } = ["frankfurt", "sanjose", "tokyo"];

    public FailoverOptions Options { get; } = new() { Tick = Tick };

    public ImmutableArray<Member> Members { get; private set; } = [];

    public ImmutableDictionary<string, Heard> Reports { get; private set; } = ImmutableDictionary<string, Heard>.Empty;

    public RoutingTable Table { get; set; } = RoutingTable.Empty;

    public FailoverMemory Memory { get; set; } = FailoverMemory.None;

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    public DateTimeOffset Wall { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public string Authority { get; set; } = "frankfurt-1";

    public FailoverInput Input => new(Table, Members, Reports, Now, Wall, Authority);

    public RegionState this[string region] => Entry(region).State;

    public RegionEntry Entry(string region) => Table.FindOrNull(region) ?? throw new InvalidOperationException($"no region {region}");

    public void Join(string region, string id, Role role = Role.Silo) =>
        Members = [.. Members.Add(new Member(id, region, new Uri($"http://{id}.invalid"), role, "1")).OrderBy(static m => m.Id, StringComparer.Ordinal)];

    /// <summary>Leases of these end: they are gone from the view.</summary>
    public void Gone(params string[] ids) => Members = Members.RemoveAll(member => ids.Contains(member.Id));

    /// <summary>These report no more, and keep their leases.</summary>
    public void Silence(params string[] ids) => _silent.UnionWith(ids);

    public void Unsilence(params string[] ids) => _silent.ExceptWith(ids);

    /// <summary>From now on the member reports this.</summary>
    public void Shape(string id, Func<HealthReport, HealthReport> shape) => _shape[id] = shape;

    public void ShapeRegion(string region, Func<HealthReport, HealthReport> shape)
    {
        foreach (var member in Members.Where(member => member.Region == region))
            Shape(member.Id, shape);
    }

    public static HealthReport WithStore(HealthReport report, bool isOk) =>
        report with { Store = new StoreHealth(isOk, 1, isOk ? null : "disk full", 1, 2) };

    public static HealthReport WithErrors(HealthReport report, long errors, long requests = 100) =>
        report with { Traffic = report.Traffic with { Requests = requests, Errors = errors } };

    public static HealthReport WithFetches(HealthReport report, long failures, long fetches = 50) =>
        report with { Traffic = report.Traffic with { Fetches = fetches, FetchFailures = failures } };

    public static HealthReport WithQueries(HealthReport report, long failures, long queries = 50) =>
        report with { Traffic = report.Traffic with { Queries = queries, QueryFailures = failures } };

    public static HealthReport WithHits(
        HealthReport report, double hits, long failures = 0, long failuresBefore = 0, double window = 300, long requests = 1000) => report with
        {
            Lasting = new LastingTraffic
            {
                Window = window,
                Last = new((long)(hits * requests), requests - (long)(hits * requests), 100, failures),
                Before = new(0, 0, 100, failuresBefore),
            },
        };

    public void Order(OperatorVerb verb, string region, bool force = false) =>
        Table = OperatorRules.Apply(new OperatorCommand(verb, region, "a test", "alice", force), Input, Options).Table;

    /// <summary>One tick: who reports does so when its second is full, then the rules look.</summary>
    public FailoverDecision Step()
    {
        Now += Tick;
        Wall += Tick;
        foreach (var (index, member) in Members.Index())
        {
            // Each silo at its own tenth of the second.
            if (!_silent.Contains(member.Id) && (Now.Ticks / Tick.Ticks) % 10 == index % 10)
                Report(member);
        }

        return Look();
    }

    public void Report(Member member)
    {
        var report = new HealthReport
        {
            Member = member.Id,
            Region = member.Region,
            Role = member.Role,
            Sequence = ++_sequence,
            Epoch = Table.Epoch,
            Store = member.IsSilo ? new StoreHealth(true, 1, null, 1, 2) : null,
        };
        Reports = Reports.SetItem(member.Id, new Heard(_shape.GetValueOrDefault(member.Id)?.Invoke(report) ?? report, Now));
    }

    public FailoverDecision Look()
    {
        var decision = FailoverRules.Next(Input, Memory, Options);
        Memory = decision.Memory;
        Table = decision.Table;
        return decision;
    }

    public void Run(TimeSpan time)
    {
        for (var end = Now + time; Now < end;)
            Step();
    }

    /// <summary>Runs until the condition holds; gives the time that it took.</summary>
    public TimeSpan Until(Func<bool> condition, TimeSpan limit)
    {
        var start = Now;
        while (!condition())
        {
            Assert.True(Now - start < limit, $"waited {limit} in vain; {string.Join(", ", Table.Regions.Select(static r => $"{r.Name} {r.State} ({r.Reason})"))}");
            Step();
        }

        return Now - start;
    }
}
