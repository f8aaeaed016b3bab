using System.Text.Json;
using System.Xml.Linq;
using ProxyCluster.Drills;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Tests.Drills.Reports;

public class DrillJudgeTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Judge_NothingWrong_Passes()
    {
        var report = Judge("region-kill", Findings());

        Assert.True(report.Passed);
        Assert.Equal((2400.0, 100.0, 5000.0), (report.DetectMs, report.RerouteMs, report.RecoverMs));
        Assert.Equal((10, 20, 10), (report.LatencyMs.Before.Count, report.LatencyMs.During.Count, report.LatencyMs.After.Count));
        Assert.Equal((1, 0), (report.UpstreamFetchesPerArtifactMax, report.DuplicateUpstreamFetches));
    }

    [Fact]
    public void Judge_OneFailure_BreaksTheThresholdAndNamesTheCause()
    {
        var found = Findings();
        var report = Judge("region-kill", found with
        {
            Answers = [.. found.Answers, new Answer(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(1), "tokyo", AskedFor.Hit, Ending.Failed, "502 upstream-unavailable", 2)],
        });

        Assert.False(report.Passed);
        Assert.Equal(1, report.FailuresByCause["failed: 502 upstream-unavailable"]);
        Assert.Equal(["failed requests"], report.Thresholds.Where(static t => !t.Holds).Select(static t => t.Name));
        Assert.Contains(report.Remarks, static remark => remark.Contains("502 upstream-unavailable", StringComparison.Ordinal));
    }

    [Fact]
    public void Judge_HonestOutage_IsNoFailure()
    {
        var found = Findings();
        var report = Judge("upstream-down", found with
        {
            Answers = [.. found.Answers, new Answer(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(1), "tokyo", AskedFor.Miss, Ending.Unobtainable, "503 x", 2)],
        });

        Assert.True(report.Passed);
        Assert.Equal((0, 1), (report.Failed, report.Unobtainable));
    }

    [Fact]
    public void Judge_NeverNoticed_IsBrokenWhereItShouldHaveBeen()
    {
        var never = Findings() with { Detected = null, Rerouted = null };

        Assert.Equal(
            ["time to detect, ms", "time to re-route, ms"],
            Judge("region-kill", never).Thresholds.Where(static t => !t.Holds).Select(static t => t.Name));
        Assert.True(Judge("rolling-restart", never).Passed);
    }

    [Fact]
    public void Judge_StoreThatDiedWithItsRegion_IsBrokenAndSaysWhatWasExpected()
    {
        var never = Findings() with { Detected = null, Rerouted = null, Store = StoreKind.Redis };

        var onRedis = Judge("store-with-region", never);

        Assert.False(onRedis.Passed);
        Assert.Equal("redis", onRedis.Store);
        Assert.Contains(onRedis.Remarks, static remark => remark.StartsWith("expected on this store", StringComparison.Ordinal));
        Assert.Empty(Judge("store-with-region", never with { Store = StoreKind.Etcd }).Remarks);
        Assert.Empty(Judge("region-kill", never).Remarks);
    }

    [Fact]
    public void Judge_LostAndWrong_AreNeverAllowed()
    {
        var found = Findings();
        var report = Judge("region-kill", found with
        {
            Lost = ["example.com/a/@v/v1.0.0.zip"],
            Answers = [.. found.Answers, new Answer(TimeSpan.Zero, TimeSpan.Zero, "tokyo", AskedFor.Hit, Ending.Wrong, "wrong bytes", 1)],
            Sent = [new("example.com/a/@v/v1.0.0.zip", 3)],
        });

        Assert.Equal((1, 1, 3, 1), (report.ObjectsLost, report.WrongBytes, report.UpstreamFetchesPerArtifactMax, report.DuplicateUpstreamFetches));
        Assert.Equal(["wrong bytes", "objects lost"], report.Thresholds.Where(static t => !t.Holds).Select(static t => t.Name));
    }

    [Fact]
    public void Json_HasTheNamesThatPipelinesRead()
    {
        using var json = JsonDocument.Parse(Judge("region-kill", Findings()).ToJson());
        var root = json.RootElement;

        Assert.All(
            (string[])["scenario", "requests", "failed", "wrongBytes", "detectMs", "rerouteMs", "recoverMs", "objectsLost", "upstreamFetchesPerArtifactMax"],
            name => Assert.True(root.TryGetProperty(name, out _), name));
        foreach (var phase in (string[])["before", "during", "after"])
        {
            Assert.True(root.GetProperty("latencyMs").GetProperty(phase).TryGetProperty("p50", out _));
            Assert.True(root.GetProperty("latencyMs").GetProperty(phase).TryGetProperty("p99", out _));
        }
    }

    [Fact]
    public void Page_OfHostileText_IsOneFileThatRunsNothing()
    {
        var found = Findings();
        var page = ReportPage.Render(Judge("region-kill", found with
        {
            Answers = [.. found.Answers, new Answer(TimeSpan.Zero, TimeSpan.Zero, "<b>", AskedFor.Hit, Ending.Failed, "<script>alert(1)</script>", 1)],
        }));

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Timeline_OfAnything_IsWellFormed()
    {
        var svg = XElement.Parse(ReportTimeline.Render(Judge("region-kill", Findings())));

        Assert.Equal("svg", svg.Name.LocalName);
        Assert.Contains(svg.Descendants("text"), static text => text.Value.StartsWith("noticed", StringComparison.Ordinal));
        Assert.NotEmpty(svg.Descendants("rect"));
    }

    // A request per second for 40 s: trouble from 10 to 30.
    private static DrillFindings Findings() => new(
        [.. Enumerable.Range(0, 40).Select(static second => new Answer(TimeSpan.FromSeconds(second), TimeSpan.FromMilliseconds(second + 1), "tokyo", AskedFor.Hit, Ending.Ok, null, 1))],
        [new StateChange(TimeSpan.Zero, "frankfurt", "active 100 %"), new StateChange(TimeSpan.FromSeconds(12.4), "frankfurt", "failed 0 %")],
        TimeSpan.FromSeconds(10),
        TimeSpan.FromSeconds(12.4),
        TimeSpan.FromSeconds(12.5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromSeconds(35),
        TimeSpan.FromSeconds(40),
        [],
        [new KeyValuePair<string, int>("example.com/a/@v/v1.0.0.zip", 1)],
        GoRuns.None);

    private static DrillReport Judge(string scenario, DrillFindings found) =>
        DrillJudge.Judge(new DrillSettings(DrillScenarios.FindOrNull(scenario)!, "unused"), found, 10, Time);
}
