using System.CommandLine;
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

    private readonly ClusterPlan _plan = new(Settings, Settings.Regions.ToDictionary(static r => r, static r => new Uri($"socks5://{r}:1080")));

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

        var endpoints = plan.Arguments[plan.Arguments.ToList().IndexOf("--etcd") + 1].Split(',');

        Assert.Equal(3, endpoints.Length);
        Assert.Equal(_plan.Etcd("sanjose").Url, new Uri(endpoints[0]));
    }

    [Fact]
    public void Etcd_InItsPlan_ReachesItsPeersThroughTheGatewayOnly()
    {
        var plan = _plan.Etcd("tokyo");

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
}
