using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>Who gets what of one silo, by every endpoint and from every memory.</summary>
public sealed class ReadersTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string> Bases => ["", "/go/proxy"];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Bases))]
    public async Task Private_AskedForByAReader_IsServedAndKeptPrivate(string basePath)
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch, ("Http:BasePath", basePath));
        foreach (var path in ClosedSilo.PrivatePaths.Where(IsThere))
        {
            foreach (var login in (string[])[ClosedSilo.Alice, ClosedSilo.Basic(ClosedSilo.Alice)])
            {
                // Twice: the second time it is in whatever memory it gets into.
                foreach (var _ in Enumerable.Range(0, 2))
                {
                    var answer = await silo.GetAsync(basePath + path, login);
                    Assert.Equal((path, 200), (path, answer.Status));
                    Assert.StartsWith("private, max-age=", answer["Cache-Control"], StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Bases))]
    public async Task Private_InEveryMemory_IsForNobodyElse(string basePath)
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch, ("Http:BasePath", basePath));
        foreach (var path in ClosedSilo.PrivatePaths.Concat(ClosedSilo.PrivatePaths))
            await silo.GetAsync(basePath + path, ClosedSilo.Alice);
        var upstream = silo.Upstream.TotalRequests;
        foreach (var prefix in (string[])["", "/cached-only", "/ns/shop", "/ns/shop/cached-only"])
        {
            foreach (var path in ClosedSilo.PrivatePaths)
            {
                foreach (var target in (string[])[basePath + prefix + path, basePath + prefix + path.Replace("!", "%21", StringComparison.Ordinal), basePath + prefix + path + "?go-get=1"])
                {
                    foreach (var method in (string[])["GET", "HEAD"])
                    {
                        foreach (var header in (string[])["X-None: x", "Range: bytes=0-9", "If-None-Match: *", "Disable-Module-Fetch: true"])
                        {
                            var denied = await silo.AskAsync(method, target, ClosedSilo.Bob, header);
                            Assert.Equal((target, 404, "not-found", "no-store"), (target, denied.Status, denied["X-ProxyCluster-Cause"], denied["Cache-Control"]));
                            var anonymous = await silo.AskAsync(method, target, header);
                            Assert.Equal((target, 401, "login-required"), (target, anonymous.Status, anonymous["X-ProxyCluster-Cause"]));
                            Assert.StartsWith("Basic realm=", anonymous["WWW-Authenticate"], StringComparison.Ordinal);
                        }
                    }
                }
            }
        }

        Assert.Equal(upstream, silo.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Private_WithoutLogins_DoesNotExistForAnybody()
    {
        await using var silo = await TestSilo.StartAsync(ClosedSilo.Rules);
        ClosedSilo.Fill(silo);
        foreach (var path in ClosedSilo.PrivatePaths)
        {
            var answer = await silo.GetAsync(path, ClosedSilo.Alice);
            Assert.Equal((404, null), (answer.Status, answer["WWW-Authenticate"]));
        }

        Assert.Empty(silo.Upstream.Calls);
    }

    [Fact]
    public async Task Open_ForAnybody_IsServedFromMemoryAsBefore()
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch);
        foreach (var path in ClosedSilo.OpenPaths)
        {
            foreach (var headers in (string[][])[[], [], [ClosedSilo.Bob], [ClosedSilo.Alice]])
            {
                var answer = await silo.GetAsync(path, headers);
                Assert.Equal((path, 200), (path, answer.Status));
                Assert.StartsWith("public", answer["Cache-Control"], StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task WrongLogin_IsRefusedWhateverItAsksFor()
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch);
        await silo.GetAsync(ClosedSilo.Open.Stem + ".mod");
        await silo.GetAsync(ClosedSilo.Open.Stem + ".mod");
        foreach (var header in (string[])
        [
            ClosedSilo.Wrong, ClosedSilo.Basic(ClosedSilo.Wrong), "Authorization: Basic !!", "Authorization: Basic", "Authorization: Digest x", "Authorization:",
            "Authorization: Bearer a.b.c", ClosedSilo.Alice.Replace("Bearer", "Basic", StringComparison.Ordinal),
        ])
        {
            foreach (var path in (string[])[.. ClosedSilo.OpenPaths, .. ClosedSilo.PrivatePaths, "/", "/nonsense", "/%zz"])
            {
                var answer = await silo.GetAsync(path, header);
                Assert.Equal((header, path, 401, "wrong-login"), (header, path, answer.Status, answer["X-ProxyCluster-Cause"]));
                Assert.NotNull(answer["WWW-Authenticate"]);
            }
        }

        Assert.Equal(401, (await silo.GetAsync("/", ClosedSilo.Bob, ClosedSilo.Bob)).Status);
    }

    [Fact]
    public async Task Root_IsForWhoeverMayReadSomething()
    {
        await using var open = await ClosedSilo.StartAsync(_scratch);
        await using var closed = await ClosedSilo.StartAsync(_scratch, ("Access:Default", "anybody"), ("Access:Rules:1:Read", "anybody"));
        foreach (var method in (string[])["GET", "HEAD"])
        {
            Assert.Equal(200, (await open.AskAsync(method, "/")).Status);
            Assert.Equal(200, (await open.AskAsync(method, "/", ClosedSilo.Bob)).Status);
            Assert.Equal(401, (await closed.AskAsync(method, "/")).Status);
            Assert.Equal(200, (await closed.AskAsync(method, "/", ClosedSilo.Basic(ClosedSilo.Bob))).Status);
        }

        Assert.Equal(401, (await closed.GetAsync(ClosedSilo.Open.Stem + ".mod")).Status);
        Assert.Equal(200, (await closed.GetAsync(ClosedSilo.Open.Stem + ".mod", ClosedSilo.Bob)).Status);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    public async Task SystemPath_WithWhateverLogin_IsAnswered(string path)
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch, ("Access:Default", "anybody"));
        foreach (var headers in (string[][])[[], [ClosedSilo.Wrong]])
            Assert.Equal(200, (await silo.GetAsync(path, headers)).Status);
    }

    [Theory]
    [MemberData(nameof(Bases))]
    public async Task Namespace_NamedByThePath_IsWhereItsRulesCount(string basePath)
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch, ("Http:BasePath", basePath));
        var path = ClosedSilo.OfShop.Stem + ".mod";
        foreach (var _ in Enumerable.Range(0, 2))
        {
            Assert.Equal(ClosedSilo.OfShop.GoMod, (await silo.GetAsync(basePath + "/ns/shop" + path)).Body);
            Assert.Equal(200, (await silo.GetAsync(basePath + "/ns/shop/cached-only" + path)).Status);
            Assert.Equal(401, (await silo.GetAsync(basePath + path)).Status);
            Assert.Equal(404, (await silo.GetAsync(basePath + path, ClosedSilo.Alice)).Status);
            Assert.Equal(404, (await silo.GetAsync(basePath + "/ns/other" + path, ClosedSilo.Alice)).Status);
        }

        // What everybody may read is in memory for every namespace, and in none that there is not.
        foreach (var open in ClosedSilo.OpenPaths.Concat(ClosedSilo.OpenPaths))
        {
            Assert.Equal((open, 200), (open, (await silo.GetAsync(basePath + "/ns/shop" + open)).Status));
            Assert.Equal((open, 404), (open, (await silo.GetAsync(basePath + "/ns/other" + open)).Status));
        }

        foreach (var nothing in (string[])["/ns", "/ns/shop", "/ns/shop/", "/ns//" + path])
            Assert.InRange((await silo.GetAsync(basePath + nothing)).Status, 400, 404);
    }

    [Fact]
    public async Task Refusals_AreCountedAndLogged_WithoutAnyToken()
    {
        await using var silo = await ClosedSilo.StartAsync(_scratch);
        await silo.GetAsync("/git.test/none/@latest", ClosedSilo.Bob);
        await silo.GetAsync("/ns/shop/git.test/none/@latest");
        await silo.GetAsync("/example.com/lib/@latest", ClosedSilo.Wrong);
        var metrics = (await silo.GetAsync("/metrics")).Text;
        foreach (var labels in (string[])["namespace=\"\",reason=\"hidden\"", "namespace=\"shop\",reason=\"login-required\"", "namespace=\"\",reason=\"wrong-login\""])
            Assert.Contains($"proxycluster_access_refusals_total{{{labels}}} 1", metrics, StringComparison.Ordinal);
        Assert.Contains(silo.Log.Lines, static line => line.Contains("Refused bob at 127.0.0.1 (hidden, namespace \"\"): /git.test/none/@latest", StringComparison.Ordinal));
        Assert.DoesNotContain(silo.Log.Lines.Concat(silo.Log.Exceptions), static line => line.Contains("long-token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_TakenOutOfTheFile_IsWrongWithinASecond()
    {
        var clock = new TestKit.ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var silo = await TestSilo.StartAsync(
            services => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton<TimeProvider>(services, clock), ClosedSilo.Settings(_scratch, ("Cluster:Engine", "local")));
        ClosedSilo.Fill(silo);
        var path = ClosedSilo.Private.Stem + ".mod";
        Assert.Equal(200, (await silo.GetAsync(path, ClosedSilo.Alice)).Status);
        File.WriteAllText(_scratch["tokens"], "# nobody\n");
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(401, (await silo.GetAsync(path, ClosedSilo.Alice)).Status);
    }

    private static bool IsThere(string path) =>
        !path.Contains("none", StringComparison.Ordinal) && !path.Contains("v1.9.9", StringComparison.Ordinal);
}
