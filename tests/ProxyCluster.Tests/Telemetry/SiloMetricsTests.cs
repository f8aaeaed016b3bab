using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Telemetry;

/// <summary>What <c>/metrics</c> of a real silo says after requests of every sort, in front of a real upstream.</summary>
public sealed class SiloMetricsTests : IAsyncLifetime
{
    private const string Module = "example.com/m/@v/v1.0.0";
    private const string InfoBody = """{"Version":"v1.0.0"}""";
    private const string ModBody = "module example.com/m\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _scratch = new();
    private readonly UpstreamServer _upstream = UpstreamServer.Start();
    private readonly HttpClient _client = new();
    private WebApplication _silo = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _upstream.Put($"/{Module}.info", InfoBody);
        _upstream.Put($"/{Module}.mod", ModBody);
        _upstream.Put("/example.com/m/@v/list", "v1.0.0\n");
        _upstream.Put("/example.com/m/@latest", InfoBody);
        _silo = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        await _upstream.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Metrics_AMixOfRequests_CountsEachWhereItBelongs()
    {
        // 1. A miss, a hit, a question without its body, and what no upstream has.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Module + ".info"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Module + ".info"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Module + ".info", HttpMethod.Head));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("example.com/none/@v/v1.0.0.info"));

        // 2. Two clients that meet at one fetch.
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _upstream.Faults.Always($"/{Module}.mod", Fault.HeldBackUntil(answer.Task));
        var first = AskAsync(Module + ".mod");
        await _upstream.Requested($"/{Module}.mod").WaitAsync(Patience, Cancel);
        var second = AskAsync(Module + ".mod");
        await AppearsAsync("proxycluster_fetch_joined_total{artifact=\"mod\"} 1");
        answer.SetResult();
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], await Task.WhenAll(first, second).WaitAsync(Patience, Cancel));

        // 3. Queries, the second time from memory, and what policy forbids.
        Assert.Equal(HttpStatusCode.OK, await AskAsync("example.com/m/@v/list"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("example.com/m/@v/list"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("example.com/m/@latest"));
        _upstream.Faults.Always("/example.com/secret/@v/v1.0.0.info", Fault.Status(403, "no"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("example.com/secret/@v/v1.0.0.info"));

        // The count of the store runs in the background, and a request is counted once its body is on the way.
        await AppearsAsync($"proxycluster_served_bytes_total{{artifact=\"mod\"}} {2 * ModBody.Length}");
        await AppearsAsync("proxycluster_store_artifacts{artifact=\"info\"} 1");
        var page = await PageAsync();
        Assert.Multiple(
            () => Has(page, "proxycluster_request_duration_seconds_count{artifact=\"info\",outcome=\"miss\",status=\"200\"} 1"),
            () => Has(page, "proxycluster_request_duration_seconds_count{artifact=\"info\",outcome=\"hit\",status=\"200\"} 2"),
            () => Has(page, "proxycluster_request_duration_seconds_count{artifact=\"info\",outcome=\"not-found\",status=\"404\"} 1"),
            () => Has(page, "proxycluster_request_duration_seconds_bucket{artifact=\"info\",outcome=\"hit\",status=\"200\",le=\"60\"} 2"),
            () => Has(page, "proxycluster_request_duration_seconds_count{artifact=\"mod\",outcome=\"miss\",status=\"200\"} 2"),
            () => Has(page, "proxycluster_request_duration_seconds_count{artifact=\"query\",outcome=\"hit\",status=\"200\"} 1"),
            () => Has(page, "proxycluster_request_duration_seconds_count{artifact=\"query\",outcome=\"miss\",status=\"200\"} 2"),
            () => Has(page, "proxycluster_request_blocked_total 1"),
            () => Has(page, "proxycluster_store_reads_total{artifact=\"info\",tier=\"memory\"} 2"),
            () => Has(page, "proxycluster_store_reads_total{artifact=\"info\",tier=\"upstream\"} 1"),
            () => Has(page, $"proxycluster_upstream_fetches_total{{artifact=\"info\",outcome=\"ok\",upstream=\"{_upstream.Url}\"}} 1"),
            () => Has(page, $"proxycluster_upstream_fetches_total{{artifact=\"info\",outcome=\"not-found\",upstream=\"{_upstream.Url}\"}} 1"),
            () => Has(page, $"proxycluster_upstream_fetches_total{{artifact=\"mod\",outcome=\"ok\",upstream=\"{_upstream.Url}\"}} 1"),
            () => Has(page, $"proxycluster_upstream_breaker_state{{upstream=\"{_upstream.Url}\"}} 0"),
            () => Has(page, $"proxycluster_fetched_bytes_total{{upstream=\"{_upstream.Url}\"}} {(2 * InfoBody.Length) + ModBody.Length + "v1.0.0\n".Length}"),
            () => Has(page, "proxycluster_query_answers_total{freshness=\"fetched\",query=\"list\"} 1"),
            () => Has(page, "proxycluster_query_answers_total{freshness=\"fresh\",query=\"list\"} 1"),
            () => Has(page, "proxycluster_query_answers_total{freshness=\"fetched\",query=\"latest\"} 1"),
            () => Has(page, "proxycluster_store_commits_total{artifact=\"mod\"} 1"),
            () => Has(page, "proxycluster_store_artifacts{artifact=\"mod\"} 1"),
            () => Has(page, "proxycluster_store_artifacts{artifact=\"zip\"} 0"),
            () => Has(page, $"proxycluster_store_size_bytes{{artifact=\"info\"}} {InfoBody.Length}"),
            () => Assert.InRange(Number(page, "proxycluster_store_memory_bytes"), InfoBody.Length + ModBody.Length + 1, 64 << 10),
            () => Assert.DoesNotContain("example.com", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_StoreOfAnEarlierProcess_IsCountedWithoutWhatItLost()
    {
        // 1. Three artifacts, of which one is damaged and one lost while nobody runs; upstream has another one by then.
        const string Other = "example.com/other/@v/v1.0.0.mod";
        _upstream.Put("/" + Other, "module example.com/other\n");
        foreach (var path in (string[])[Module + ".info", Module + ".mod", Other])
            Assert.Equal(HttpStatusCode.OK, await AskAsync(path));
        await StopAsync();
        await File.WriteAllTextAsync(InStore(Module + ".mod"), ModBody.Replace('m', 'n'), Cancel);
        File.Delete(InStore(Other));
        _upstream.Put("/" + Other, "module example.com/other // moved\n");

        // 2. The damaged one still has its size, so it counts until somebody reads it.
        _silo = await StartAsync();
        await AppearsAsync("proxycluster_store_artifacts{artifact=\"mod\"} 1");
        Has(await PageAsync(), "proxycluster_store_artifacts{artifact=\"info\"} 1");

        // 3. It is set aside; what upstream has now conflicts with the record.
        _upstream.Put($"/{Module}.mod", ModBody + "\n");
        Assert.Equal(HttpStatusCode.BadGateway, await AskAsync(Module + ".mod"));
        Assert.Equal(HttpStatusCode.BadGateway, await AskAsync(Other));
        var page = await PageAsync();
        Assert.Multiple(
            () => Has(page, "proxycluster_store_quarantined_total{artifact=\"mod\"} 1"),
            () => Has(page, "proxycluster_integrity_conflicts_total{artifact=\"mod\"} 2"),
            () => Has(page, "proxycluster_integrity_rejections_total{artifact=\"mod\",cause=\"checksum-mismatch\"} 2"),
            () => Has(page, "proxycluster_store_artifacts{artifact=\"mod\"} 0"),
            () => Has(page, "proxycluster_store_size_bytes{artifact=\"mod\"} 0"),
            () => Has(page, "proxycluster_store_artifacts{artifact=\"info\"} 1"));

        // 4. With the right bytes back, it is stored again.
        _upstream.Put($"/{Module}.mod", ModBody);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Module + ".mod"));
        Has(await PageAsync(), $"proxycluster_store_size_bytes{{artifact=\"mod\"}} {ModBody.Length}");
    }

    [Fact]
    public async Task Metrics_UpstreamGoesAway_ShowsTheOpenBreakerAndStaleAnswers()
    {
        Assert.Equal(HttpStatusCode.OK, await AskAsync("example.com/m/@v/list"));
        await StopAsync();
        _upstream.StopListening();
        _silo = await StartAsync(("Queries:FreshFor", "0s"));
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.BadGateway, await AskAsync($"example.com/m/@v/v1.0.{i}.info"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("example.com/m/@v/list"));
        var page = await PageAsync();
        Assert.Multiple(
            () => Has(page, $"proxycluster_upstream_breaker_state{{upstream=\"{_upstream.Url}\"}} 2"),
            () => Has(page, $"proxycluster_upstream_breaker_transitions_total{{state=\"open\",upstream=\"{_upstream.Url}\"}} 1"),
            () => Has(page, "proxycluster_query_answers_total{freshness=\"stale\",query=\"list\"} 1"));
    }

    private static void Has(string page, string line) => Assert.Contains(line, page.Split('\n'));

    private static long Number(string page, string name) => long.Parse(
        page.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);

    private string InStore(string path) => Path.Combine(_scratch["data"], "modules", path);

    private async Task<WebApplication> StartAsync(params (string Key, string Value)[] more)
    {
        var silo = ProxyHost.Build(SettingsInput.Of([
            ("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", _scratch["data"]), ("Upstreams:List", _upstream.Url),
            ("Upstreams:Backoff", "0s"), ("Verification:SumDb", "off"), ("Verification:NoSumDb", "example.com/*"), .. more]));
        await silo.StartAsync(Cancel);
        return silo;
    }

    private async Task StopAsync()
    {
        await _silo.StopAsync(CancellationToken.None);
        await _silo.DisposeAsync();
    }

    private async Task<HttpStatusCode> AskAsync(string path, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, $"{_silo.Urls.First()}/{path}");
        using var response = await _client.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private Task<string> PageAsync() => _client.GetStringAsync(new Uri(_silo.Urls.First() + "/metrics"), Cancel);

    private Task AppearsAsync(string line) => Waiting.UntilAsync(async () => (await PageAsync()).Split('\n').Contains(line), line);
}
