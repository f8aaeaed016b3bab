using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary><c>Disable-Module-Fetch: true</c> and <c>/cached-only</c>: what is here, and nobody is asked.</summary>
public class CachedOnlyTests
{
    private static readonly string[] Paths =
    [
        FilledSilo.Lib.Stem + ".info",
        FilledSilo.Lib.Stem + ".mod",
        FilledSilo.Lib.Stem + ".zip",
        "/example.com/lib/@v/list",
        "/example.com/lib/@latest",
        "/example.com/lib/@v/main.info",
        "/example.com/prefixed/@v/v1.4.info",
        "/sumdb/sumdb.test/go/latest",
        "/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5.0",
        "/sumdb/sumdb.test/go/tile/8/0/001",
        "/sumdb/sumdb.test/go/tile/8/data/000",
    ];

    public static TheoryData<string, string, string> Ways() => new()
    {
        { "", "/cached-only", "" },
        { "", "", "Disable-Module-Fetch: true" },
        { "", "", "disable-module-fetch: TRUE" },
        { "", "/cached-only", "Disable-Module-Fetch: false" },
        { "/go/proxy", "/go/proxy/cached-only", "" },
        { "/go/proxy", "/go/proxy", "Disable-Module-Fetch: true" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Get_OfWhatIsNotStored_Is404AndAsksNobody(string basePath, string prefix, string header)
    {
        await using var silo = await FilledSilo.StartAsync(("Http:BasePath", basePath));
        string[] headers = header.Length > 0 ? [header] : [];
        foreach (var path in Paths)
        {
            var answer = await silo.GetAsync(prefix + path, headers);
            Assert.Equal((404, "not-cached"), (answer.Status, answer["X-ProxyCluster-Cause"]));
            Assert.Equal(("no-store", "Disable-Module-Fetch"), (answer["Cache-Control"], answer["Vary"]));
            Assert.StartsWith("not found: ", answer.Text, StringComparison.Ordinal);
        }

        Assert.Empty(silo.Upstream.Calls);
        Assert.Empty(silo.Database.Paths);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Get_OfWhatIsStored_IsTheSameAsWithout(string basePath, string prefix, string header)
    {
        await using var silo = await FilledSilo.StartAsync(("Http:BasePath", basePath));
        string[] headers = header.Length > 0 ? [header] : [];
        foreach (var path in Paths)
            Assert.Equal(200, (await silo.GetAsync(basePath + path)).Status);
        var (upstream, database) = (silo.Upstream.TotalRequests, silo.Database.Paths.Count);
        foreach (var path in Paths)
        {
            var plain = await silo.GetAsync(basePath + path);
            var answer = await silo.GetAsync(prefix + path, headers);
            Assert.Equal((200, "HIT"), (answer.Status, answer["X-Cache"]));
            Assert.Equal(plain.Body, answer.Body);
            Assert.Equal(plain["ETag"], answer["ETag"]);
            Assert.Equal(plain["Cache-Control"], answer["Cache-Control"]);
        }

        Assert.Equal((upstream, database), (silo.Upstream.TotalRequests, silo.Database.Paths.Count));
    }

    [Fact]
    public async Task Get_OfStaleQueries_GivesThemWithoutAskingAgain()
    {
        await using var silo = await FilledSilo.StartAsync(("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        Assert.Equal("MISS", (await silo.GetAsync("/example.com/lib/@v/list"))["X-Cache"]);
        var answer = await silo.GetAsync("/cached-only/example.com/lib/@v/list");
        Assert.Equal((200, "STALE"), (answer.Status, answer["X-Cache"]));
        Assert.Equal(1, silo.Upstream.TotalRequests);
    }

    [Theory]
    [InlineData("/example.com/lib/@v/list")]
    [InlineData("/example.com/lib/@v/v1.2.0.mod")]
    public async Task Get_AfterAnOutage_IsStillOnlyNotCached(string path)
    {
        await using var silo = await FilledSilo.StartAsync();
        silo.Upstream.Faults.Always("*", Fault.Status(500));
        Assert.Equal(502, (await silo.GetAsync(path)).Status);
        var answer = await silo.GetAsync("/cached-only" + path);
        Assert.Equal((404, "not-cached"), (answer.Status, answer["X-ProxyCluster-Cause"]));
    }

    [Fact]
    public async Task Get_WithTheSumdbMirrorSupported_SaysSoAnyway()
    {
        await using var silo = await FilledSilo.StartAsync();
        Assert.Equal(200, (await silo.GetAsync("/cached-only/sumdb/sumdb.test/go/supported")).Status);
        Assert.Equal(404, (await silo.GetAsync("/cached-only/sumdb/other.test/supported")).Status);
        Assert.Empty(silo.Database.Paths);
    }
}
