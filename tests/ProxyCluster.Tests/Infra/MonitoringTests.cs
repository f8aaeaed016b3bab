using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Infra;

/// <summary>What Prometheus, Grafana and the collector are told, against what exists.</summary>
public sealed partial class MonitoringTests
{
    private const string Dashboard = "infra/docker/grafana/dashboards/proxycluster.json";
    private const string Alerts = "infra/docker/prometheus/alerts.yml";

    private static readonly ComposeFile Compose = ComposeFile.Instance;

    [Theory]
    [InlineData(Dashboard)]
    [InlineData(Alerts)]
    public void Metrics_EveryOneThatIsAskedFor_IsExported(string file)
    {
        var exported = ExportedNames();
        var asked = Metric().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))).Select(match => match.Value).Distinct().ToList();

        Assert.NotEmpty(asked);
        Assert.All(asked, name => Assert.Contains(name, exported));
    }

    [Fact]
    public void Dashboard_EveryPanel_HasItsOwnIdAPlaceAndSomethingToShow()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, Dashboard)));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();

        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel =>
        {
            var place = panel.GetProperty("gridPos");
            Assert.InRange(place.GetProperty("x").GetInt32() + place.GetProperty("w").GetInt32(), 1, 24);
            Assert.NotEmpty(panel.GetProperty("title").GetString()!);
        });
        var places = panels.Select(panel => panel.GetProperty("gridPos"))
            .Select(place => (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32())).ToList();
        Assert.Equal(places.Distinct(), places);
        var expressions = panels.Where(panel => panel.GetProperty("type").GetString() != "row")
            .Select(panel => panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("expr").GetString()!).ToList());
        Assert.All(expressions, all => Assert.All(all, Balanced));
        Assert.All(expressions, Assert.NotEmpty);
    }

    [Fact]
    public void Alerts_EveryRule_HasANameAnExpressionAndASentence()
    {
        var rules = ComposeFile.List(ComposeFile.ReadMap(Alerts)["groups"])
            .SelectMany(group => ComposeFile.List(ComposeFile.Map(group)["rules"])).Select(ComposeFile.Map).ToList();

        Assert.NotEmpty(rules);
        Assert.Equal(rules.Select(rule => rule["alert"]).Distinct(), rules.Select(rule => rule["alert"]));
        Assert.All(rules, rule =>
        {
            Balanced((string)rule["expr"]!);
            Assert.Contains("summary", ComposeFile.Map(rule["annotations"]).Keys);
            Assert.Contains(ComposeFile.Map(rule["labels"])["severity"], (string[])["page", "ticket"]);
        });
    }

    [Fact]
    public async Task Counters_ThatAlertsWatchGrow_AreZeroFromTheStart()
    {
        // One that is born with its first event has not grown, says increase().
        await using var silo = await TestSilo.StartAsync();
        var page = (await silo.GetAsync("/metrics")).Text.Split('\n');
        var watched = Watched().Matches(File.ReadAllText(Path.Combine(Repository.Root, Alerts))).Select(static match => match.Groups["name"].Value).ToList();

        Assert.NotEmpty(watched);
        Assert.All(watched, name => Assert.Contains(page, line => line.StartsWith(name + "{", StringComparison.Ordinal)));
        string[] expected =
        [
            .. from name in (string[])["proxycluster_integrity_conflicts_total", "proxycluster_store_quarantined_total"]
               from artifact in (string[])["info", "mod", "zip"]
               select $"{name}{{artifact=\"{artifact}\"}} 0",
            .. from value in (string[])["fork", "forged-tile", "bad-signature", "peer", "replayed-call", "unsigned-call"]
               select $"proxycluster_security_events_total{{event=\"{value}\"}} 0",
        ];
        Assert.All(expected, line => Assert.Contains(line, page));
    }

    [Fact]
    [Trait("Needs", "prometheus")]
    public async Task Alerts_ByPrometheusItself_FireWhenTheyShould()
    {
        var outcome = await ChildProcess.RunAsync(
            "promtool", ["test", "rules", Path.Combine(Repository.Root, "infra/docker/prometheus/alerts-test.yml")], new Dictionary<string, string>(), TimeSpan.FromMinutes(1));
        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Errors);
    }

    [Fact]
    public void Prometheus_Targets_AreEveryMemberWithItsRegionAndRole()
    {
        var jobs = ComposeFile.List(ComposeFile.ReadMap("infra/docker/prometheus/prometheus.yml")["scrape_configs"]).Select(ComposeFile.Map).ToList();
        var groups = ComposeFile.List(jobs.Single(job => (string)job["job_name"]! == "proxycluster")["static_configs"]).Select(ComposeFile.Map);
        var scraped = groups.SelectMany(group => ComposeFile.Texts(group["targets"]).Select(target =>
            (target, (string?)ComposeFile.Map(group["labels"])["region"], (string?)ComposeFile.Map(group["labels"])["role"])));
        var members = Compose.Members.Select(member => (member.Name + ":8080", member.FlagOrNull("--region"), member.FlagOrNull("--role")));

        Assert.Equal(members.Order(), scraped.Order());
        Assert.All(
            jobs.SelectMany(job => ComposeFile.List(job["static_configs"])).SelectMany(group => ComposeFile.Texts(ComposeFile.Map(group)["targets"])),
            target => Assert.Contains(target.Split(':')[0], Compose.Services.Keys));
    }

    [Fact]
    public void Collector_EveryPartOfAPipeline_IsDefined()
    {
        var collector = ComposeFile.ReadMap("infra/docker/otel-collector.yml");
        var connectors = ComposeFile.Map(collector["connectors"]).Keys.ToHashSet();
        var pipelines = ComposeFile.Map(ComposeFile.Map(collector["service"])["pipelines"]).Values.Select(ComposeFile.Map).ToList();

        Assert.NotEmpty(pipelines);
        foreach (var part in (string[])["receivers", "processors", "exporters"])
        {
            var defined = ComposeFile.Map(collector[part]).Keys.Concat(part == "processors" ? [] : connectors).ToHashSet();
            var used = pipelines.SelectMany(pipeline => pipeline.TryGetValue(part, out var names) ? ComposeFile.Texts(names) : []).ToHashSet();
            Assert.Equal(defined.Order(), used.Order());
        }
    }

    private static void Balanced(string expression)
    {
        var open = new Stack<char>();
        foreach (var c in expression)
        {
            if (c is '(' or '{' or '[')
                open.Push(c);
            else if (c is ')' or '}' or ']')
                Assert.True(open.TryPop(out var start) && (start, c) is ('(', ')') or ('{', '}') or ('[', ']'), expression);
        }

        Assert.Empty(open);
    }

    /// <summary>Every name on <c>/metrics</c>, as the code's own rules spell it.</summary>
    private static HashSet<string> ExportedNames()
    {
        using var services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();
        var metrics = services.GetRequiredService<ProxyMetrics>();
        metrics.ObserveBreakers(() => []);
        metrics.ObserveMemoryCache(() => 0);
        metrics.ObserveStore(() => [], () => []);
        metrics.ObserveStoreHeadroom(() => 0, () => null);
        metrics.ObserveReplication(() => [], () => [], () => []);
        metrics.ObserveSharedWrites(() => 0, () => 0, () => 0);

        var names = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (!ReferenceEquals(instrument.Meter, metrics.Meter))
                return;
            var type = instrument.GetType().Name.Split('`')[0];
            var kind = type switch
            {
                "Counter" or "ObservableCounter" => MetricKind.Counter,
                "Histogram" => MetricKind.Histogram,
                _ => MetricKind.Gauge,
            };
            var name = PrometheusNames.Metric(instrument.Name, instrument.Unit, kind);
            names.UnionWith(kind == MetricKind.Histogram ? [name + "_bucket", name + "_sum", name + "_count"] : [name]);
        };
        listener.Start();
        return names;
    }

    [GeneratedRegex(@"increase\((?<name>[a-z_]+)\[", RegexOptions.ExplicitCapture)]
    private static partial Regex Watched();

    [GeneratedRegex(@"\bproxycluster_[a-z0-9_]+")]
    private static partial Regex Metric();
}
