using System.Globalization;

namespace ProxyCluster.Tests.Silo;

/// <summary>Every path of the protocol (spec §2 and §5): what comes back, and with which headers.</summary>
public class EndpointTests(FilledSilo filled) : IClassFixture<FilledSilo>
{
    private const string Text = "text/plain; charset=utf-8";
    private const string SumdbText = "text/plain; charset=UTF-8";
    private const string Json = "application/json";
    private const string Zip = "application/zip";
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Minute = "public, max-age=60";
    private const string Day = "public, max-age=86400";

    // Path, content type, Cache-Control, X-Cache of the first answer ("" where another row may have asked before).
    public static TheoryData<bool, string, string, string, string> Paths()
    {
        var rows = new TheoryData<bool, string, string, string, string>();
        foreach (var based in (bool[])[false, true])
        {
            foreach (var module in FilledSilo.All)
            {
                var stem = module.Stem.Replace("!", "%21", StringComparison.Ordinal);
                if (module != FilledSilo.Prefixed)
                    rows.Add(based, stem + ".info", Json, Forever, "MISS");
                rows.Add(based, stem + ".mod", Text, Forever, "MISS");
                rows.Add(based, stem + ".zip", Zip, Forever, "MISS");
            }

            rows.Add(based, "/example.com/lib/@v/list", Text, Minute, "MISS");
            rows.Add(based, "/example.com/lib/@latest", Json, Minute, "MISS");
            rows.Add(based, "/example.com/lib/@v/main.info", Json, Minute, "MISS");
            rows.Add(based, "/example.com/lib/@v/abcdef012345.info", Json, Minute, "MISS");
            rows.Add(based, "/example.com/prefixed/@v/v1.4.info", Json, Minute, "MISS");
            rows.Add(based, "/example.com/untagged/@v/list", Text, Minute, "MISS");
            rows.Add(based, "/github.com/!azure/!thing/@v/list", Text, Minute, "MISS");
            rows.Add(based, "/sumdb/sumdb.test/go/supported", SumdbText, Minute, "HIT");
            rows.Add(based, "/sumdb/sumdb.test/go/latest", SumdbText, Minute, "");
            rows.Add(based, "/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.77.0", SumdbText, Day, "MISS");
            rows.Add(based, "/sumdb/sumdb.test/go/tile/8/0/001", "application/octet-stream", Forever, "MISS");
            rows.Add(based, "/sumdb/sumdb.test/go/tile/8/0/002.p/50", "application/octet-stream", Day, "");
            rows.Add(based, "/sumdb/sumdb.test/go/tile/8/data/000", SumdbText, Forever, "MISS");
            rows.Add(based, "/sumdb/sumdb.test/go/tile/8/data/002.p/50", SumdbText, Day, "MISS");
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Get_OfEveryPath_IsAMissThenAHitWithTheSameHeadersAsItsHead(
        bool based, string path, string type, string caching, string first)
    {
        var (silo, prefix) = filled.Of(based);
        using var connection = await RawConnection.OpenAsync(silo.Address);
        var miss = await connection.AskAsync("GET", prefix + path);
        var hit = await connection.AskAsync("GET", prefix + path);
        var head = await connection.AskAsync("HEAD", prefix + path);
        Assert.Equal(200, (await connection.AskAsync("GET", "/healthz")).Status); // no byte of a body came with HEAD

        Assert.Equal(first, first.Length == 0 ? "" : miss["X-Cache"]);
        Assert.Equal("HIT", hit["X-Cache"]);
        Assert.Equal(miss.Body, hit.Body);
        Assert.Empty(head.Body);
        foreach (var answer in (RawAnswer[])[miss, hit, head])
        {
            Assert.Equal(200, answer.Status);
            Assert.Equal(type, answer["Content-Type"]);
            Assert.Equal(caching, answer["Cache-Control"]);
            Assert.Equal("tokyo", answer["X-ProxyCluster-Region"]);
            Assert.Equal(miss.Body.Length.ToString(CultureInfo.InvariantCulture), answer["Content-Length"]);
            Assert.Equal(type == Zip ? "bytes" : null, answer["Accept-Ranges"]);
            Assert.Matches("^\"[\\x21\\x23-\\x7e]+\"$", answer["ETag"]);
            Assert.Equal(miss["ETag"], answer["ETag"]);
            Assert.Null(answer["Transfer-Encoding"]);
            Assert.Null(answer["X-ProxyCluster-Cause"]);
            Assert.Null(answer["Server"]);
        }
    }

    [Fact]
    public async Task Get_AfterARestart_HasTheSameTagsAndAsksNobody()
    {
        await using var silo = await FilledSilo.StartAsync();
        string[] paths =
        [
            .. new[] { ".info", ".mod", ".zip" }.Select(ending => FilledSilo.Lib.Stem + ending),
            FilledSilo.Large.Stem + ".zip",
            "/example.com/lib/@v/list",
            "/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5.0",
        ];
        var before = new List<string?>();
        foreach (var path in paths)
            before.Add((await silo.GetAsync(path))["ETag"]);
        var (upstream, database) = (silo.Upstream.TotalRequests, silo.Database.Paths.Count);

        await silo.StopAsync();
        await silo.StartAgainAsync();
        var after = new List<string?>();
        foreach (var path in paths)
        {
            var answer = await silo.GetAsync(path);
            Assert.Equal("HIT", answer["X-Cache"]);
            after.Add(answer["ETag"]);
        }

        Assert.Equal(before, after);
        Assert.DoesNotContain(null, after);
        Assert.Equal(after.Count, after.Distinct().Count());
        Assert.Equal((upstream, database), (silo.Upstream.TotalRequests, silo.Database.Paths.Count));
    }

    [Theory]
    [InlineData(".info")]
    [InlineData(".mod")]
    [InlineData(".zip")]
    public async Task Head_OfWhatNobodyAskedForYet_FetchesItAndSaysItsLength(string ending)
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Add(FilledSilo.Lib);
        var head = await silo.AskAsync("HEAD", FilledSilo.Lib.Stem + ending);
        var get = await silo.GetAsync(FilledSilo.Lib.Stem + ending);
        Assert.Equal((200, "MISS"), (head.Status, head["X-Cache"]));
        Assert.Equal((200, "HIT"), (get.Status, get["X-Cache"]));
        Assert.Equal(get["Content-Length"], head["Content-Length"]);
        Assert.Equal(get["ETag"], head["ETag"]);
        Assert.Equal(1, silo.Upstream.Requests(FilledSilo.Lib.Stem + ending));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("PROPFIND")]
    public async Task OtherMethod_OnAnyPath_Is405WithAllow(string method)
    {
        foreach (var path in (string[])[FilledSilo.Lib.Stem + ".mod", "/example.com/lib/@v/list", "/sumdb/sumdb.test/go/latest", "/healthz", "/nothing"])
        {
            var answer = await filled.Silo.AskAsync(method, path, "Content-Length: 0");
            Assert.Equal((405, "GET, HEAD", Text), (answer.Status, answer["Allow"], answer["Content-Type"]));
            Assert.Equal("no-store", answer["Cache-Control"]);
        }
    }

    [Theory]
    [InlineData("/go/proxyexample.com/lib/@v/list")]
    [InlineData("/go/proxy2/example.com/lib/@v/list")]
    [InlineData("/go/example.com/lib/@v/list")]
    [InlineData("/example.com/lib/@v/list")]
    [InlineData("/go/proxy/go/proxy/example.com/lib/@v/list")]
    [InlineData("/cached-only/go/proxy/example.com/lib/@v/list")]
    public async Task Get_BesideTheBasePath_IsNotFound(string path)
    {
        var answer = await filled.BasedSilo.GetAsync(path);
        Assert.InRange(answer.Status, 400, 404);
        Assert.Equal(Text, answer["Content-Type"]);
        Assert.NotEmpty(answer.Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_OfSystemPaths_IsAtTheRoot(bool based)
    {
        var (silo, _) = filled.Of(based);
        var health = await silo.GetAsync("/healthz");
        Assert.Equal((200, "ok\n", Text, "no-store"), (health.Status, health.Text, health["Content-Type"], health["Cache-Control"]));

        var ready = await silo.GetAsync("/readyz");
        Assert.Equal((200, Text, "no-store"), (ready.Status, ready["Content-Type"], ready["Cache-Control"]));
        Assert.Equal("ready", ready.Text.Split('\n')[0]);
        Assert.Contains("store: ok\n", ready.Text, StringComparison.Ordinal);
        Assert.Contains("engine: ok (orleans; silo S127.0.0.1:", ready.Text, StringComparison.Ordinal);
        Assert.Contains($"upstream {silo.Upstream.Url}: ", ready.Text, StringComparison.Ordinal);

        var metrics = await silo.GetAsync("/metrics");
        Assert.Equal(200, metrics.Status);
        Assert.StartsWith("text/plain; version=0.0.4", metrics["Content-Type"], StringComparison.Ordinal);
        Assert.Contains("proxycluster_request_active", metrics.Text, StringComparison.Ordinal);
        Assert.Empty((await silo.AskAsync("HEAD", "/metrics")).Body);

        var welcome = await silo.GetAsync("/");
        Assert.Equal((200, Text), (welcome.Status, welcome["Content-Type"]));
        Assert.Contains("GOPROXY=", welcome.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example.com/none/@v/list")]
    [InlineData("example.com/none/@latest")]
    [InlineData("example.com/none/@v/v1.0.0.info")]
    [InlineData("example.com/none/@v/v1.0.0.zip")]
    [InlineData("example.com/none/@v/main.info")]
    [InlineData("example.com/lib/@v/v1.info.txt")]
    [InlineData("nothing/at/all")]
    public async Task Get_OfWhatIsNotThere_Is404ThatMayBeKeptBriefly(string path)
    {
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var answer = await filled.Silo.AskAsync(method, "/" + path);
            Assert.Equal((404, Text, "public, max-age=10"), (answer.Status, answer["Content-Type"], answer["Cache-Control"]));
            Assert.Equal(("not-found", "tokyo"), (answer["X-ProxyCluster-Cause"], answer["X-ProxyCluster-Region"]));
            Assert.Null(answer["ETag"]);
            Assert.True(method == "HEAD" || answer.Text.StartsWith("not found: ", StringComparison.Ordinal));
        }
    }
}
