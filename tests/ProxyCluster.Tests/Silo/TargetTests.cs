namespace ProxyCluster.Tests.Silo;

/// <summary>Request targets exactly as written: what is one of ours, what is refused, and what never reaches an upstream.</summary>
public class TargetTests(FilledSilo filled) : IClassFixture<FilledSilo>
{
    [Theory]
    [InlineData("/github.com/%21azure/%21thing/@v/v1.0.0-%21r%21c1.mod")] // as go spells it
    [InlineData("/github.com/!azure/!thing/@v/v1.0.0-!r!c1.mod")]
    [InlineData("/github.com/!azure/%21thing/@v/v1.0.0-!r%21c1.mod")]
    [InlineData("/github%2Ecom/!azure/!thing/@v/v1.0.0-!r!c1%2emod")]
    [InlineData("/github.com/!azure/!thing/%40v/v1.0.0%2d!r!c1.mod")]
    [InlineData("/%67ithub.com/!%61zure/!thing/@v/v1.0.0-!r!c1.mod")]
    [InlineData("/github.com/!azure/!thing/@v/v1.0.0-!r!c1.mod?")]
    [InlineData("/github.com/!azure/!thing/@v/v1.0.0-!r!c1.mod?go-get=1&x=/../%2F")]
    [InlineData("http://proxy.test/github.com/!azure/!thing/@v/v1.0.0-!r!c1.mod")]
    [InlineData("http://proxy.test:80/github.com/%21azure/!thing/@v/v1.0.0-!r!c1.mod?x")]
    public async Task Target_InAnySpellingOfOnePath_IsThatArtifact(string target)
    {
        // An absolute target must agree with the Host line (RFC 9112 §3.2.2), which this host's name does.
        using var connection = await RawConnection.OpenAsync(filled.Silo.Address);
        var host = target.Contains(":80/", StringComparison.Ordinal) ? "proxy.test:80" : "proxy.test";
        await connection.SendAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var answer = await connection.ReadAnswerAsync();
        Assert.Equal(200, answer.Status);
        Assert.Equal(FilledSilo.Prerelease.GoMod, answer.Body);
    }

    [Theory]
    [InlineData("/example.com/old/@v/v2.0.0+incompatible.mod", 200)]
    [InlineData("/example.com/old/@v/v2.0.0%2Bincompatible.mod", 200)]
    [InlineData("/example.com/old/@v/v2.0.0%20incompatible.mod", 400)] // a plus is a plus
    [InlineData("/example.com/old/@v/v2.0.0.mod", 404)]
    [InlineData("/example.com/lib/v2/@v/v2.1.0.mod", 200)]
    [InlineData("/example.com/lib/v2/@v/v1.2.0.mod", 404)]
    [InlineData("/example.com/lib/@v/v2.1.0.mod", 404)]
    [InlineData("/example.com/lib/v1/@v/v1.2.0.mod", 404)]
    [InlineData("/example.com/lib/v02/@v/v2.1.0.mod", 404)]
    [InlineData("/gopkg.in/yaml.v3/@v/v3.0.1.mod", 200)]
    [InlineData("/gopkg.in/yaml.v3/@v/v2.0.0.mod", 404)]
    [InlineData("/gopkg.in/yaml/@v/v3.0.1.mod", 404)]
    [InlineData("/example.com/tip/@v/v0.0.0-20240102030405-abcdef012345.mod", 200)]
    [InlineData("/example.com/lib/@v/v1.2.0+meta.mod", 404)]
    [InlineData("/example.com/lib/@v/v1.2.mod", 404)]
    [InlineData("/example.com/lib/@v/1.2.0.mod", 404)]
    [InlineData("/example.com/lib/@v/main.zip", 404)]
    [InlineData("/example.com/lib/@v/latest.info", 404)]
    [InlineData("/example.com/lib/@v/upgrade.info", 404)]
    [InlineData("/example.com/lib/@v/patch.info", 404)]
    [InlineData("/example.com/lib/@v/-v1.info", 404)] // CVE-2025-68119
    [InlineData("/example.com/lib/@v/feature/x.info", 404)]
    public async Task Version_InTheTarget_IsTakenOnlyWhereItFits(string target, int status) =>
        Assert.Equal(status, (await filled.Silo.GetAsync(target)).Status);

    // The last eight rows are refused by the server itself, before our handler, without a body.
    [Theory]
    [InlineData("/github.com/%2521azure/!thing/@v/list", 404)] // decoded once: %21 stands in the name
    [InlineData("/github.com/%2521azure/!thing/@v/v1.0.0-!r!c1.mod", 404)]
    [InlineData("/github.com/Azure/Thing/@v/list", 404)] // capitals are escaped
    [InlineData("/github.com/!azure/!thing/@v/v1.0.0-RC1.mod", 404)]
    [InlineData("/github.com/!Azure/!thing/@v/list", 404)]
    [InlineData("/github.com/!!azure/!thing/@v/list", 404)]
    [InlineData("/github.com/azure!/!thing/@v/list", 404)]
    [InlineData("/github.com/!1azure/!thing/@v/list", 404)]
    [InlineData("/github.com/azure/!/@v/list", 404)]
    [InlineData("/nodot/lib/@v/list", 404)]
    [InlineData("/example.com/con/@v/list", 404)]
    [InlineData("/example.com/.lib/@v/list", 404)]
    [InlineData("/example.com/lib./@v/list", 404)]
    [InlineData("/example.com/lib~1/@v/list", 404)]
    [InlineData("/example.com/li b/@v/list", 400)]
    [InlineData("/example.com/lib/@v", 404)]
    [InlineData("/example.com/lib/@v/list/@latest", 404)]
    [InlineData("/example.com/lib/@v/@v/list", 404)]
    [InlineData("/example.com/lib/@V/list", 404)]
    [InlineData("/example.com/lib/@v/LIST", 404)]
    [InlineData("/@v/list", 404)]
    [InlineData("/@latest", 404)]
    [InlineData("/sumdb", 404)]
    [InlineData("/sumdb/", 400)]
    [InlineData("/sumdb/other.test/latest", 404)]
    [InlineData("/sumdb/sumdb.test/latest", 404)]
    [InlineData("/sumdb/sumdb.test/go", 404)]
    [InlineData("/sumdb/sumdb.test/go/nothing", 404)]
    [InlineData("/sumdb/sumdb.test/go/lookup/example.org", 400)]
    [InlineData("/sumdb/sumdb.test/go/lookup/example.org/Mod@v1.5.0", 400)]
    [InlineData("/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5", 400)]
    [InlineData("/sumdb/sumdb.test/go/tile/8/0/00", 400)]
    [InlineData("/sumdb/sumdb.test/go/tile/8/0/000.p/256", 400)]
    [InlineData("/sumdb/sumdb.test/go/tile/8/0/999", 404)]
    [InlineData("/sumdb/sumdb.test/go/tile/4/0/000", 400)]
    [InlineData("/cached-only", 404)]
    [InlineData("/cached-only/cached-only/example.com/lib/@v/list", 404)]
    [InlineData("/cached-only/healthz", 404)]
    [InlineData("/example.com%2Flib/@v/list", 400)]
    [InlineData("/example.com%2flib/@v/list", 400)]
    [InlineData("/example.com/lib/@v%2Flist", 400)]
    [InlineData("/example.com/../example.com/lib/@v/list", 400)]
    [InlineData("/example.com/lib/../lib/@v/list", 400)]
    [InlineData("/example.com/./lib/@v/list", 400)]
    [InlineData("/example.com/%2e%2e/lib/@v/list", 400)]
    [InlineData("/example.com/.%2E/lib/@v/list", 400)]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd", 400)]
    [InlineData("/../../etc/passwd", 400)]
    [InlineData("//example.com/lib/@v/list", 400)]
    [InlineData("/example.com//lib/@v/list", 400)]
    [InlineData("/example.com/lib/@v/list/", 400)]
    [InlineData("/example.com/lib/@v//list", 400)]
    [InlineData("/example.com\\lib/@v/list", 400)]
    [InlineData("/example.com/lib%5C/@v/list", 400)]
    [InlineData("/example.com/l%C3%AFb/@v/list", 400)]
    [InlineData("/example.com/l%ffb/@v/list", 400)]
    [InlineData("/example.com/l%0Ab/@v/list", 400)]
    [InlineData("/example.com/l%7Fb/@v/list", 400)]
    [InlineData("/example.com/l%zzb/@v/list", 400)]
    [InlineData("/example.com/lib/@v/list%", 400)]
    [InlineData("/example.com/lib/@v/list%2", 400)]
    [InlineData("/example.com/lib/@v/list#x", 200)] // no client sends a fragment; what stands before it is the path
    [InlineData("/example.com/l\u00efb/@v/list", 400)]
    [InlineData("/example.com/l\u0001b/@v/list", 400)]
    [InlineData("/example.com/l%00b/@v/list", 400)]
    [InlineData("example.com/lib/@v/list", 400)]
    [InlineData("*", 405)]
    [InlineData("", 400)]
    public async Task Target_OfNothingThatIsServed_IsRefusedInPlainWords(string target, int status)
    {
        var before = filled.Silo.Upstream.TotalRequests;
        var answer = await filled.Silo.GetAsync(target);
        Assert.Equal(status, answer.Status);
        if (status is 404 or 400 && answer.Body.Length > 0)
        {
            Assert.Equal("text/plain; charset=utf-8", answer["Content-Type"]);
            Assert.DoesNotContain("   at ", answer.Text, StringComparison.Ordinal);
            Assert.Equal(status == 404, answer.Text.StartsWith("not found: ", StringComparison.Ordinal));
        }

        if (status != 200)
            Assert.Equal(before, filled.Silo.Upstream.TotalRequests);
        filled.Silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Target_WithAQueryString_IsNeverAskedUpstreamWithIt()
    {
        await using var silo = await FilledSilo.StartAsync();
        Assert.Equal(200, (await silo.GetAsync("/example.com/lib/@v/list?secret=1")).Status);
        Assert.Equal(["/example.com/lib/@v/list"], silo.Upstream.Calls.Select(call => call.RawTarget));
    }

    [Fact]
    public async Task Target_OfAModuleWithCapitals_IsAskedUpstreamAsGoSpellsIt()
    {
        await using var silo = await FilledSilo.StartAsync();
        await silo.GetAsync("/github.com/!azure/!thing/@v/v1.0.0-!r!c1.info");
        Assert.Equal(
            ["/github.com/%21azure/%21thing/@v/v1.0.0-%21r%21c1.info"], silo.Upstream.Calls.Select(call => call.RawTarget));
    }

    [Theory]
    [InlineData("/github.com/%21azure/%21thing/@v/v1.0.0-%21r%21c1.mod")]
    [InlineData("/example.com/lib/@v/v1.2.0.mod")]
    [InlineData("/example.com/lib/@v/v1.2.0.mod?x=1")]
    public async Task Target_InAnySpelling_IsAnsweredFromMemory(string target)
    {
        await using var silo = await FilledSilo.StartAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await silo.GetAsync(target)).Status);
        var metrics = (await silo.GetAsync("/metrics")).Text;
        Assert.Equal(
            ["proxycluster_store_reads_total{artifact=\"mod\",tier=\"memory\"} 2", "proxycluster_store_reads_total{artifact=\"mod\",tier=\"upstream\"} 1"],
            metrics.Split('\n').Where(static line => line.StartsWith("proxycluster_store_reads_total", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    public static TheoryData<string> LongNames()
    {
        var (element, path) = (new string('a', 241), string.Concat(Enumerable.Repeat("/element", 260)));
        return
        [
            $"/example.com/{element}/@v/list", $"/example.com/{element}/@latest", $"/example.com/{element}/@v/main.info",
            $"/example.com/{element}/@v/v1.info", $"/example.com/{element}/@v/v1.0.0.info", $"/example.com/{element}/@v/v1.0.0.mod",
            $"/example.com/{element}/@v/v1.0.0.zip", $"/example.com{path}/@v/v1.0.0.zip", $"/example.com{path}/@v/list",
            $"/example.com/m/@v/v1.0.0-{element}.zip", $"/cached-only/example.com/{element}/@v/v1.0.0.zip",
        ];
    }

    [Theory]
    [MemberData(nameof(LongNames))]
    public async Task Get_OfANameThatNoFileSystemKeeps_Is400WithACause(string path)
    {
        await using var silo = await TestSilo.StartAsync();
        var answer = await silo.GetAsync(path);
        Assert.Equal((400, "bad-request"), (answer.Status, answer["X-ProxyCluster-Cause"]));
        Assert.Equal(0, silo.Upstream.TotalRequests);
    }
}
