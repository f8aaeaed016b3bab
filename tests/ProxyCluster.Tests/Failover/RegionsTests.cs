using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Demo;
using ProxyCluster.Failover;
using ProxyCluster.Routing;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Failover;

/// <summary>What clients and operators see of regions that go and come back.</summary>
public sealed class RegionsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Drain_ThenUndrain_ClientsNoticeNothing()
    {
        await using var system = await RegionsSystem.StartAsync();

        using (var drained = await system.OrderAsync("sanjose", "tokyo", "drain"))
            Assert.Equal(HttpStatusCode.OK, drained.StatusCode);
        await system.UntilAsync("tokyo", RegionState.Drained);

        // Its front end says that it should get no traffic, and serves what it gets: from elsewhere.
        using (var ready = await system.GetAsync("tokyo", "/readyz"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        foreach (var module in system.World.Modules)
            Assert.NotEqual("tokyo", await DownloadAsync(system, "tokyo", module));
        Assert.False(IsStored(system, "tokyo"));
        await Waiting.UntilAsync(
            () => system.Table("frankfurt").FindOrNull("tokyo")!.Intent!.IsDone, "nothing is in flight in tokyo");

        using (var undrained = await system.OrderAsync("frankfurt", "tokyo", "undrain"))
            Assert.Equal(HttpStatusCode.OK, undrained.StatusCode);
        await system.UntilAsync("tokyo", RegionState.Active, 100);
        using (var ready = await system.GetAsync("tokyo", "/readyz"))
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);

        // What it owns and missed comes from those who have it: nothing is fetched twice.
        var before = system.World.Upstream.Requests.Where(static asked => asked.Key.EndsWith(".zip", StringComparison.Ordinal)).Sum(static asked => asked.Value);
        foreach (var module in system.World.Modules)
            Assert.Equal("tokyo", await DownloadAsync(system, "tokyo", module));
        Assert.Equal(before, system.World.Upstream.Requests.Where(static asked => asked.Key.EndsWith(".zip", StringComparison.Ordinal)).Sum(static asked => asked.Value));
    }

    [Fact]
    public async Task Kill_Region_IsFailedAndOthersServe()
    {
        await using var system = await RegionsSystem.StartAsync();
        var authority = RegionsSystem.Names.Single(region => system[region].IsAuthority);

        await system.KillAsync(authority);
        var left = RegionsSystem.Names.Where(region => region != authority).ToList();
        foreach (var module in system.World.Modules.Take(4))
        {
            foreach (var region in left)
                await DownloadAsync(system, region, module);
        }

        await system.UntilAsync(authority, RegionState.Failed);
        Assert.Contains(system.Table(left[0]).Events, change => change is { To: RegionState.Failed } && change.Region == authority);

        using (var forgotten = await system.OrderAsync(left[0], authority, "forget"))
            Assert.Equal(HttpStatusCode.OK, forgotten.StatusCode);
        await Waiting.UntilAsync(() => left.TrueForAll(region => system.Table(region).FindOrNull(authority) is null), "everybody has forgotten it");
        foreach (var region in left)
            await DownloadAsync(system, region, system.World.Modules[0]);
    }

    [Fact]
    public async Task Region_ReportsNoMore_IsFailedThoughItsLeaseLives()
    {
        // It reports once and then keeps its peace for longer than anybody waits.
        await using var system = await RegionsSystem.StartAsync(static region =>
            region == "tokyo" ? [("Failover:ReportInterval", "1m"), ("Failover:FailedAfter", "2m")] : []);

        await system.UntilAsync("tokyo", RegionState.Failed);

        Assert.Equal(3, system["frankfurt"].View.Members.Length);
        Assert.Contains("sent no report", system.Table("sanjose").FindOrNull("tokyo")!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_Hangs_RegionIsFailedAndNothingElseHangs()
    {
        using var mayGo = new ManualResetEventSlim();
        var probe = new StoreProbe(
            () =>
            {
                mayGo.Wait(TimeSpan.FromMinutes(2));
                return (1, 2);
            },
            TimeSpan.FromMilliseconds(200),
            TimeProvider.System);
        await using var system = await RegionsSystem.StartAsync(services: (region, services) =>
        {
            if (region == "tokyo")
                services.AddSingleton(probe);
        });

        await system.UntilAsync("tokyo", RegionState.Failed);
        Assert.Contains("the store does not answer", system.Table("frankfurt").FindOrNull("tokyo")!.Reason, StringComparison.Ordinal);
        using (var ready = await system.GetAsync("tokyo", "/readyz"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.NotEqual("tokyo", await DownloadAsync(system, "tokyo", system.World.Modules[0]));

        mayGo.Set();
        await system.UntilAsync("tokyo", RegionState.Active, 100);
    }

    [Fact]
    public async Task LastRegion_Drained_OnlyByForceAndWithASentence()
    {
        await using var system = await RegionsSystem.StartAsync();
        foreach (var region in new[] { "tokyo", "sanjose" })
        {
            using var drained = await system.OrderAsync("frankfurt", region, "drain");
            Assert.Equal(HttpStatusCode.OK, drained.StatusCode);
        }

        using var refused = await system.OrderAsync("tokyo", "frankfurt", "fail");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("the last region in service", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using var forced = await system.OrderAsync("tokyo", "frankfurt", "fail", force: true);
        Assert.Equal(HttpStatusCode.OK, forced.StatusCode);
        await system.UntilAsync("frankfurt", RegionState.Failed);
    }

    [Fact]
    public async Task Status_OfAnyMember_ShowsTheHealthOfAll()
    {
        await using var system = await RegionsSystem.StartAsync();

        foreach (var by in RegionsSystem.Names)
        {
            var status = default(JsonElement);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            for (var attempt = 0; attempt < 1000; attempt++)
            {
                status = await system.JsonAsync(by, "/-/admin/v1/status");
                if (status.GetProperty("regions").EnumerateArray().All(HasWholeReport))
                    break;
                await timer.WaitForNextTickAsync(Cancel);
            }

            Assert.True(status.GetProperty("isAuthority").GetBoolean());
            Assert.Equal(RegionsSystem.Names, status.GetProperty("regions").EnumerateArray().Select(static region => region.GetProperty("name").GetString()));
            foreach (var region in status.GetProperty("regions").EnumerateArray())
            {
                var report = region.GetProperty("members")[0].GetProperty("report");
                Assert.Equal("Active", region.GetProperty("state").GetString());
                Assert.Equal(region.GetProperty("name").GetString(), report.GetProperty("region").GetString());
                Assert.True(report.GetProperty("store").GetProperty("isOk").GetBoolean());
                Assert.True(report.GetProperty("store").GetProperty("freeBytes").GetInt64() > 0);
                Assert.Single(report.GetProperty("upstreams").EnumerateArray());
            }
        }
    }

    [Fact]
    public async Task Events_SinceAnId_AreThoseAfterItAndNameWhoAsked()
    {
        await using var system = await RegionsSystem.StartAsync();
        var before = (await system.JsonAsync("tokyo", "/-/admin/v1/events")).GetProperty("last").GetInt64();

        using (await system.OrderAsync("tokyo", "sanjose", "drain", "maintenance of the racks"))
            await system.UntilAsync("sanjose", RegionState.Drained);

        var page = await system.JsonAsync("frankfurt", $"/-/admin/v1/events?since={before}");
        var first = page.GetProperty("events")[0];
        Assert.True(page.GetProperty("isComplete").GetBoolean());
        Assert.Equal((before + 1, "sanjose", "Drained", "maintenance of the racks", "alice"), (
            first.GetProperty("id").GetInt64(),
            first.GetProperty("region").GetString(),
            first.GetProperty("to").GetString(),
            first.GetProperty("reason").GetString(),
            first.GetProperty("who").GetString()));
    }

    [Fact]
    public async Task Admin_WrongCredentialsAndRequests_AreRefused()
    {
        await using var system = await RegionsSystem.StartAsync();
        const string Status = "/-/admin/v1/status";
        var epoch = system.Table("tokyo").Epoch;

        Assert.Equal(HttpStatusCode.Unauthorized, await CodeAsync(system.GetAsync("tokyo", Status)));
        Assert.Equal(HttpStatusCode.Unauthorized, await CodeAsync(system.GetAsync("tokyo", Status, "nobodys-token-0000000")));
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(system.GetAsync("tokyo", Status, RegionsSystem.Viewer)));
        Assert.Equal(HttpStatusCode.Unauthorized, await CodeAsync(system.OrderAsync("tokyo", "tokyo", "drain", token: null)));
        Assert.Equal(HttpStatusCode.Forbidden, await CodeAsync(system.OrderAsync("tokyo", "tokyo", "drain", token: RegionsSystem.Viewer)));
        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(system.OrderAsync("tokyo", "atlantis", "drain")));
        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(system.OrderAsync("tokyo", "tokyo", "explode")));
        Assert.Equal(HttpStatusCode.BadRequest, await CodeAsync(system.OrderAsync("tokyo", "tokyo", "drain", reason: " ")));
        Assert.Equal(HttpStatusCode.BadRequest, await CodeAsync(system.OrderAsync("tokyo", "tokyo", "drain", reason: new string('x', 201))));
        Assert.Equal(HttpStatusCode.BadRequest, await CodeAsync(system.SendAsync(
            "tokyo", HttpMethod.Post, "/-/admin/v1/regions/tokyo/drain", RegionsSystem.Operator, new StringContent("{", Encoding.UTF8, "application/json"))));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await CodeAsync(system.GetAsync("tokyo", "/-/admin/v1/regions/tokyo/drain", RegionsSystem.Operator)));
        Assert.Equal(HttpStatusCode.BadRequest, await CodeAsync(system.GetAsync("tokyo", "/-/admin/v1/events?since=x", RegionsSystem.Viewer)));
        Assert.All(system.Table("tokyo").Regions, static region => Assert.Equal(RegionState.Active, region.State));
        Assert.True(system.Table("tokyo").Epoch >= epoch);
    }

    [Fact]
    public async Task Admin_WithoutATokenFile_IsOff()
    {
        await using var system = await RegionsSystem.StartAsync(static _ => [("Admin:TokenFile", "")]);

        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(system.GetAsync("tokyo", "/-/admin/v1/status", RegionsSystem.Viewer)));
    }

    // The first one may go out before the store has answered.
    private static bool HasWholeReport(JsonElement region) =>
        region.GetProperty("members")[0].TryGetProperty("report", out var report) && report.TryGetProperty("store", out _);

    private static async Task<HttpStatusCode> CodeAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        return answer.StatusCode;
    }

    // The region that answered; the bytes are right.
    [Fact]
    public async Task Queries_FailInEveryRegion_AreToldWithTheModulesThatItHitsAndNoRegionIsFailed()
    {
        var told = Channel.CreateUnbounded<string>();
        await using var chat = await LoopbackServer.StartAsync(
            async (context, _) =>
            {
                using var body = await JsonDocument.ParseAsync(context.Request.Body, default, Cancel);
                await told.Writer.WriteAsync(body.RootElement.GetProperty("text").GetString()!, Cancel);
            },
            Cancel);
        await using var system = await RegionsSystem.StartAsync(_ =>
        [
            ("Failover:QueryAction", "fail"),
            ("Failover:FetchAction", "ignore"),
            ("Failover:MinQueries", "2"),
            ("Failover:QueryFailuresFor", "200ms"),
            ("Failover:Webhooks:0:Url", chat.Url + "/hook"),
            ("Failover:Webhooks:0:Format", "slack"),
        ]);
        system.World.Upstream.IsRefusing = true;

        using var one = new HttpClient(ClientAt.Address("127.0.0.2"));
        using var other = new HttpClient(ClientAt.Address("127.0.0.3"));
        HttpClient[] clients = [one, other];
        var text = "";
        foreach (var round in Enumerable.Range(0, 600))
        {
            // By two clients: one alone carries no verdict.
            foreach (var (region, client) in RegionsSystem.Names.SelectMany(region => clients.Select(client => (region, client))))
            {
                using var answer = await client.GetAsync(system.Url(region) + $"/example.com/gone{round % 3}/@v/list", Cancel);
                Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            }

            while (told.Reader.TryRead(out var next))
                text = next.Contains("needs a look", StringComparison.Ordinal) ? next : text;
            if (text.Length > 0)
                break;
        }

        Assert.Contains("no other region does better", text, StringComparison.Ordinal);
        Assert.Contains("Hit most: example.com/gone", text, StringComparison.Ordinal);
        Assert.All(system.Table("tokyo").Regions, static region => Assert.True(region.IsUsable));
    }

    private static async Task<string?> DownloadAsync(RegionsSystem system, string region, PackedModule module)
    {
        using var answer = await system.GetAsync(region, $"/{module.Module.Path.Escaped}/@v/{module.Module.EscapedVersion}.zip");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(module.Zip, await answer.Content.ReadAsByteArrayAsync(Cancel));
        return answer.Headers.GetValues("X-ProxyCluster-Region").Single();
    }

    private static bool IsStored(RegionsSystem system, string region) =>
        Directory.EnumerateFiles(system.Data(region), "*" + DataTree.RecordEnding, SearchOption.AllDirectories).Any();
}
