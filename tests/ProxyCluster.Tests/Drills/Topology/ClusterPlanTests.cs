using System.CommandLine;
using System.Globalization;
using ProxyCluster.Cli;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Tests.Drills.Topology;

public sealed class ClusterPlanTests
{
    private static readonly ProcessClusterSettings Settings = new("/tmp/rehearsal")
    {
        Upstream = "http://127.0.0.1:1",
        SumDb = "off",
        Program = new OwnProgram("proxycluster", []),
        Settings = [("Peers:HedgeDelay", "1s")],
    };

    private readonly ClusterPlan _plan = Plan(Settings);

    [Fact]
    public void Silo_InItsPlan_HasACommandLineThatServeTakes()
    {
        var plan = _plan.Silo("frankfurt", 2);
        var root = new RootCommand { ServeVerb.Create(new CommandContext(TextWriter.Null, TextWriter.Null, "/", new Dictionary<string, string>())) };

        Assert.Equal("frankfurt-silo-2", plan.Name);
        Assert.Empty(root.Parse(plan.Arguments.ToArray()).Errors);
        Assert.Contains("Peers:HedgeDelay=1s", plan.Arguments);
        Assert.Contains("Cluster:Gateway=socks5://frankfurt:1080", plan.Arguments);
    }

    [Fact]
    public void Silo_InItsPlan_AsksTheEtcdOfItsRegionFirst()
    {
        var plan = _plan.Silo("sanjose", 1);

        var endpoints = After(plan, "--cluster-store")["etcd://".Length..].Split(',');

        Assert.Equal(3, endpoints.Length);
        Assert.Equal(_plan.StoreOrNull("sanjose")!.Url.Authority, endpoints[0]);
    }

    [Fact]
    public void Silo_InItsPlan_HasAPortForSilosThatItsGatewayKnows()
    {
        var port = _plan.Silo("tokyo", 1).Arguments.First(static argument => argument.StartsWith("Silo:Port=", StringComparison.Ordinal)).Split('=')[1];

        Assert.Equal("tokyo", _plan.RegionOrNull(int.Parse(port, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Redis_OfACluster_LivesInOneRegionAndEveryMemberNamesIt()
    {
        var plan = Plan(Settings with { Store = StoreKind.Redis, StoreRegion = "sanjose" });

        Assert.Equal(["sanjose"], Settings.Regions.Where(region => plan.StoreOrNull(region) is not null));
        Assert.Equal("redis://" + plan.StoreOrNull("sanjose")!.Url.Authority, After(plan.FrontEnd("tokyo"), "--cluster-store"));
    }

    [Fact]
    public void Memory_OfACluster_IsTheFirstSilos()
    {
        var plan = Plan(Settings with { Store = StoreKind.Memory });
        var (first, second) = (plan.Silo(Settings.Regions[0], 1), plan.Silo(Settings.Regions[0], 2));

        var primary = Setting(second, "Silo:PrimaryPort=");

        Assert.Equal(primary, Setting(first, "Silo:Port="));
        Assert.NotEqual(primary, Setting(second, "Silo:Port="));
        Assert.All(Settings.Regions, region => Assert.Null(plan.StoreOrNull(region)));
    }

    [Fact]
    public void Etcd_InItsPlan_ReachesItsPeersThroughTheGatewayOnly()
    {
        var plan = _plan.StoreOrNull("tokyo")!;

        Assert.Equal("socks5://tokyo:1080", plan.Environment["HTTP_PROXY"]);
        // Go bypasses a proxy for exactly these two spellings of this machine.
        Assert.DoesNotContain(plan.Arguments[plan.Arguments.ToList().IndexOf("--initial-cluster") + 1].Split(','), static member =>
            new Uri(member.Split('=')[1]).Host is "localhost" or "127.0.0.1");
    }

    [Fact]
    public void FrontEnds_WithAPortBase_ListenOnTheNextPortsInTheRegionsOrder()
    {
        var plan = new ClusterPlan(Settings with { PortBase = 9000 }, Settings.Regions.ToDictionary(static r => r, static _ => new Uri("socks5://127.0.0.1:1")));

        Assert.Equal([9000, 9001, 9002], Settings.Regions.Select(region => plan.FrontEnd(region).Url.Port));
    }

    private static ClusterPlan Plan(ProcessClusterSettings settings) =>
        new(settings, settings.Regions.ToDictionary(static r => r, static r => new Uri($"socks5://{r}:1080")));

    private static string After(ProcessPlan plan, string flag) => plan.Arguments[plan.Arguments.ToList().IndexOf(flag) + 1];

    private static string Setting(ProcessPlan plan, string key) =>
        plan.Arguments.First(argument => argument.StartsWith(key, StringComparison.Ordinal))[key.Length..];
}
