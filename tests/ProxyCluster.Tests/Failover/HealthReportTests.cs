using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;

namespace ProxyCluster.Tests.Failover;

public sealed class HealthReportTests
{
    private static readonly HealthReport Full = new()
    {
        Member = "tokyo-0123456789ab",
        Region = "tokyo",
        Role = Role.Silo,
        Sequence = 12345,
        Epoch = 17,
        Store = new StoreHealth(false, 12.5, "No space left on device", 123456789012, 1234567890123),
        Upstreams = [new UpstreamHealth("https://proxy.golang.org", "half-open", true), new UpstreamHealth("https://proxy.example.com", "open", false)],
        Engine = new EngineHealth("etcd", true, "http://10.0.0.1:2379 did not answer within 2 s"),
        Traffic = new TrafficHealth { Window = 10, Requests = 3000, Errors = 3, Hits = 2900, Misses = 100, Fetches = 50, FetchFailures = 1, Queries = 40, QueryFailures = 2, P95Milliseconds = 12.288 },
        Lasting = new LastingTraffic { Window = 310, Last = new(90000, 10000, 4000, 100), Before = new(80000, 9000, 4000, 50) },
        Troubled = ImmutableSortedDictionary<string, long>.Empty.Add("github.com/gorilla/mux", 7).Add(new string('m', 370), 5),
        InFlight = 9,
        PendingCopies = 4,
        RoundTrips = ImmutableSortedDictionary<string, double>.Empty.Add("frankfurt", 230.1).Add("sanjose", 100.4),
    };

    [Fact]
    public void Json_ThereAndBack_SaysTheSameAndIsSmall()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(Full, FailoverJson.Default.HealthReport);
        var back = JsonSerializer.Deserialize(json, FailoverJson.Default.HealthReport);

        Assert.True(json.Length < 2048, $"{json.Length} bytes");
        Assert.Equal(Encoding.UTF8.GetString(json), JsonSerializer.Serialize(back, FailoverJson.Default.HealthReport));
        Assert.Equal(1, back!.Version);
    }

    [Fact]
    public void Json_OfALaterVersion_IsReadForWhatIsKnown()
    {
        var report = JsonSerializer.Deserialize(
            """{"version":2,"member":"a","region":"tokyo","sequence":3,"colour":"blue","traffic":{"requests":5,"moods":[1]}}""",
            FailoverJson.Default.HealthReport);

        Assert.Equal((2, "a", 3, 5), (report!.Version, report.Member, report.Sequence, report.Traffic.Requests));
    }

    [Fact]
    public void Figures_OfSeveralMembers_AddUp()
    {
        var sum = Full.Traffic.Plus(new TrafficHealth { Window = 10, Requests = 1000, Errors = 997, P95Milliseconds = 3 });

        Assert.Equal((400, 0.25, 12.288), (sum.RequestRate, sum.ErrorRate, sum.P95Milliseconds));
        Assert.Equal(1, new TrafficHealth().HitRatio);
        Assert.Equal(0, new TrafficHealth().ErrorRate);
    }
}
