using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>
/// The failure table over HTTP (design rule 4): absence is 404 or 410 and nothing else is, because a client moves on to
/// its next proxy, or to the internet, exactly then.
/// </summary>
public class FailureTests
{
    private const string Anything = "1..";

    private static readonly SiloModule Module = SiloModule.Pack("example.com/lib", "v1.2.0");
    private static readonly string[] Artifacts = [Module.Stem + ".info", Module.Stem + ".mod", Module.Stem + ".zip"];
    private static readonly string[] Proven = [Module.Stem + ".mod", Module.Stem + ".zip"];
    private static readonly string[] Queries = ["/example.com/lib/@v/list", "/example.com/lib/@latest", "/example.com/lib/@v/main.info"];

    // What goes wrong, for which paths, and what comes of it; no Retry-After where asking again cannot help.
    private sealed record Case(
        string[] Paths, int Status, string Cause, string? RetryAfter, Func<TestSilo, Task> Break, params (string, string)[] Settings)
    {
        public Case(string[] paths, int status, string cause, string? retryAfter, Fault fault, params (string, string)[] settings)
            : this(paths, status, cause, retryAfter, silo => Always(silo, fault), settings)
        {
        }

        private static Task Always(TestSilo silo, Fault fault)
        {
            silo.Upstream.Faults.Always("*", fault);
            return Task.CompletedTask;
        }
    }

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["upstream says 404"] = new([.. Artifacts, .. Queries], 404, "not-found", null, Fault.Status(404, "not found: no such thing\n")),
        ["upstream says 410"] = new([.. Artifacts, .. Queries], 410, "gone", null, Fault.Status(410, "not found: gone away\n")),
        ["upstream says 404 with a web page"] = new([.. Artifacts, .. Queries], 404, "not-found", null, Fault.Status(404, "<h1>404</h1>", "text/html")),
        ["upstream says 500"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", Anything, Fault.Status(500, "oops\n")),
        ["upstream says 503 and when to come back"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", "77",
            Fault.Status(503, "busy\n", "text/plain", ("Retry-After", "77"))),
        ["upstream limits the rate"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", "42", Fault.TooManyRequests(42)),
        ["upstream says 403"] = new([.. Artifacts, .. Queries], 403, "blocked", null, Fault.Status(403, "blocked by policy\n")),
        ["upstream says 401"] = new([.. Artifacts, .. Queries], 403, "blocked", null, Fault.Status(401)),
        ["upstream says 418"] = new([.. Artifacts, .. Queries], 502, "upstream-invalid", null, Fault.Status(418)),
        ["upstream is silent"] = new([.. Artifacts, .. Queries], 504, "upstream-timeout", Anything, Fault.Silence,
            ("Upstreams:FirstByteTimeout", "100ms"), ("Upstreams:BreakerThreshold", "1000")),
        ["upstream stalls in the body"] = new(Artifacts, 504, "upstream-timeout", Anything, Fault.StallAfter(10),
            ("Upstreams:IdleTimeout", "100ms"), ("Upstreams:BreakerThreshold", "1000")),
        ["upstream resets the connection"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", Anything, Fault.ResetAtOnce,
            ("Upstreams:BreakerThreshold", "1000")),
        ["upstream refuses connections"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", Anything, silo =>
        {
            silo.Upstream.StopListening();
            return Task.CompletedTask;
        }),
        ["upstream's breaker is open"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", Anything, async silo =>
        {
            silo.Upstream.StopListening();
            await silo.GetAsync("/example.com/other/@v/list");
        }, ("Upstreams:BreakerThreshold", "1"), ("Upstreams:BreakerPause", "1m")),
        ["upstream has no address"] = new([.. Artifacts, .. Queries], 502, "upstream-unavailable", Anything, _ => Task.CompletedTask,
            ("Upstreams:List", $"https://{new string('x', 63)}.{new string('y', 63)}.{new string('z', 63)}.{new string('w', 63)}.test")),
        ["upstream sends a web page"] = new([.. Artifacts, .. Queries], 502, "upstream-invalid", null, Fault.WebPage),
        ["upstream sends half of it"] = new(Artifacts, 502, "upstream-invalid", null, Fault.TruncateAfter(10)),
        ["upstream redirects in a circle"] = new([.. Artifacts, .. Queries], 502, "upstream-invalid", null, Fault.RedirectLoop),
        ["upstream speaks no HTTP"] = new([.. Artifacts, .. Queries], 502, "upstream-invalid", null, Fault.Raw("SSH-2.0-OpenSSH\r\n\r\n")),
        ["upstream sends another version's info"] = new([Artifacts[0]], 502, "upstream-invalid", null,
            Fault.Replace(SiloModule.InfoOf("v1.3.0"))),
        // As go reads it; taken for an answer it would be stored for good.
        ["upstream sends a time that is none"] = new([Artifacts[0], .. Queries[1..]], 502, "upstream-invalid", null,
            Fault.Replace("{\"Version\":\"v1.2.0\",\"Time\":\"2024-01-02 03:04:05\"}"u8.ToArray())),
        ["upstream sends what is no JSON"] = new([Artifacts[0], .. Queries[1..]], 502, "upstream-invalid", null, Fault.Replace("nothing"u8.ToArray())),
        ["upstream sends what is no zip"] = new([Artifacts[2]], 502, "upstream-invalid", null, Fault.Replace(new byte[1000])),
        ["upstream sends another go.mod"] = new([Artifacts[1]], 502, "checksum-mismatch", null,
            Fault.Replace("module example.com/lib\n\nrequire evil.test v1.0.0\n"u8.ToArray())),
        ["upstream sends another zip"] = new([Artifacts[2]], 502, "checksum-mismatch", null,
            Fault.Replace(SiloModule.Pack("example.com/lib", "v1.2.0", 100).Zip)),
        ["the list of upstreams is off"] = new([.. Artifacts, .. Queries], 403, "blocked", null, _ => Task.CompletedTask, ("Upstreams:List", "off")),
        ["the list of upstreams ends with off"] = new([.. Artifacts, .. Queries], 403, "blocked", null,
            Fault.Status(404), ("Upstreams:List", "{upstream},off")),
        ["no upstream may see the module"] = new([.. Artifacts, .. Queries], 403, "blocked", null, _ => Task.CompletedTask,
            ("Upstreams:Modules:0:Upstream", "{upstream}"), ("Upstreams:Modules:0:Exclude", "example.com")),
        ["the checksum database is down"] = new(Proven, 503, "checksum-database-unavailable", Anything, silo =>
        {
            silo.Database.Instead = static (context, _) =>
            {
                context.Abort();
                return Task.FromResult(true);
            };
            return Task.CompletedTask;
        }),
        ["the checksum database says when to come back"] = new(Proven, 503, "checksum-database-unavailable", "55", silo =>
        {
            silo.Database.Instead = static (context, _) =>
            {
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = "55";
                return Task.FromResult(true);
            };
            return Task.CompletedTask;
        }),
        ["the checksum database lies"] = new(Proven, 502, "checksum-database-invalid", null, silo =>
        {
            silo.Database.Instead = static async (context, path) =>
            {
                if (!path.StartsWith("lookup/", StringComparison.Ordinal))
                    return false;
                await context.Response.WriteAsync("0\nexample.com/lib v1.2.0 h1:x=\n\ngo.sum database tree\n1\nAAAA\n\n\u2014 sumdb.test/go AAAA\n");
                return true;
            };
            return Task.CompletedTask;
        }),
        ["the checksum database does not know it"] = new(Proven, 502, "checksum-unknown", null, silo =>
        {
            silo.Database.Database = new(ProxyCluster.GoModules.Notes.SignerKey.FromSeed("sumdb.test/go", new byte[32]));
            return Task.CompletedTask;
        }),
        ["neither upstream nor database has it"] = new(Proven, 404, "not-found", null, silo =>
        {
            silo.Database.Database = new(ProxyCluster.GoModules.Notes.SignerKey.FromSeed("sumdb.test/go", new byte[32]));
            silo.Upstream.Faults.Always("*", Fault.Delay(TimeSpan.FromMilliseconds(50)));
            silo.Upstream.Faults.Always("*", Fault.Status(404));
            return Task.CompletedTask;
        }),
        ["the store takes nothing"] = new(Artifacts, 503, "store-unavailable", Anything, silo =>
        {
            Directory.Delete($"{silo.Data}/tmp", recursive: true);
            File.WriteAllText($"{silo.Data}/tmp", "in the way");
            return Task.CompletedTask;
        }),
        ["too much is being fetched"] = new(Artifacts, 503, "overloaded", Anything, async silo =>
        {
            silo.Upstream.Faults.Always("/example.com/slow/@v/v1.0.0.info", Fault.Silence);
            _ = silo.Http.GetAsync(new Uri("/example.com/slow/@v/v1.0.0.info", UriKind.Relative));
            await silo.Upstream.Requested("/example.com/slow/@v/v1.0.0.info");
        }, ("Upstreams:MaxConcurrentRequests", "1"), ("Upstreams:MaxWaiting", "0")),
    };

    public static TheoryData<string> Names() => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Get_WhenItGoesWrong_SaysWhatAndWhatToDo(string name)
    {
        var it = Cases[name];
        await using var silo = await TestSilo.StartAsync(it.Settings);
        silo.Add(Module);
        silo.Upstream.Put("/example.com/lib/@v/list", "v1.2.0\n");
        silo.Upstream.Put("/example.com/lib/@latest", SiloModule.InfoOf("v1.2.0"));
        silo.Upstream.Put("/example.com/lib/@v/main.info", SiloModule.InfoOf("v1.2.0"));
        await it.Break(silo);
        foreach (var path in it.Paths)
        {
            var get = await silo.GetAsync(path);
            var head = await silo.AskAsync("HEAD", path);
            foreach (var answer in (RawAnswer[])[get, head])
            {
                Assert.Equal((it.Status, it.Cause), (answer.Status, answer["X-ProxyCluster-Cause"]));
                Assert.Equal("text/plain; charset=utf-8", answer["Content-Type"]);
                Assert.Equal(it.Status is 404 or 410 ? "public, max-age=10" : "no-store", answer["Cache-Control"]);
                Assert.Equal("tokyo", answer["X-ProxyCluster-Region"]);
                Assert.Null(answer["ETag"]);
                if (it.RetryAfter == Anything)
                    Assert.InRange(int.Parse(answer["Retry-After"]!, CultureInfo.InvariantCulture), 1, 60);
                else
                    Assert.Equal(it.RetryAfter, answer["Retry-After"]);
            }

            AssertShownByGo(get, path);
            Assert.Equal(it.Status is 404 or 410, get.Text.StartsWith("not found: ", StringComparison.Ordinal));
        }

        // Nothing is left of it.
        Assert.Null(silo.RecordOf(Module));
        Assert.True(File.Exists($"{silo.Data}/tmp") || silo.TemporaryFiles().Count == 0);
        Assert.All(silo.Log.Exceptions, exception => Assert.Contains("StoreException", exception, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("upstream says 500")]
    [InlineData("upstream is silent")]
    [InlineData("upstream sends another zip")]
    [InlineData("upstream sends a web page")]
    [InlineData("the checksum database is down")]
    public async Task Get_OnceItWentRightAgain_IsServedAtOnce(string name)
    {
        var it = Cases[name];
        await using var silo = await TestSilo.StartAsync(it.Settings);
        silo.Add(Module);
        await it.Break(silo);
        var path = it.Paths[^1].EndsWith(".zip", StringComparison.Ordinal) ? it.Paths[^1] : Artifacts[0];
        Assert.NotEqual(200, (await silo.GetAsync(path)).Status);
        silo.Upstream.Faults.Clear();
        silo.Database.Instead = static (_, _) => Task.FromResult(false);
        Assert.Equal(200, (await silo.GetAsync(path)).Status);
    }

    [Theory]
    [InlineData("/example.com/lib/@v/v1.2.0.mod")]
    [InlineData("/example.com/lib/@v/list")]
    public async Task Get_OfWhatIsNotStoredWhileUpstreamFails_AsksUpstreamOnce(string path)
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Upstream.Faults.Always(path, Fault.Status(500));

        Assert.Equal(502, (await silo.GetAsync(path)).Status);

        // The grain that owns it lives in this silo, and what it failed at is not done over again.
        Assert.Equal(1, silo.Upstream.Requests(path));
    }

    [Fact]
    public async Task Get_WhileEverythingIsDown_ServesWhatIsStored()
    {
        await using var silo = await FilledSilo.StartAsync(("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        string[] paths = [.. Artifacts, "/example.com/lib/@v/list", "/example.com/lib/@latest", "/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5.0"];
        var before = new List<string>();
        foreach (var path in paths)
            before.Add((await silo.GetAsync(path)).Text);

        silo.Upstream.StopListening();
        silo.Database.Instead = static (context, _) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        for (var i = 0; i < paths.Length; i++)
        {
            var answer = await silo.GetAsync(paths[i]);
            Assert.Equal((200, before[i]), (answer.Status, answer.Text));
            Assert.Equal(i is 3 or 4 ? "STALE" : "HIT", answer["X-Cache"]);
        }
    }

    [Fact]
    public async Task Get_WhileTheStoreTakesNothing_ServesHitsAndIsNotReady()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Add(Module);
        Assert.Equal(200, (await silo.GetAsync(Artifacts[1])).Status);
        await Cases["the store takes nothing"].Break(silo);
        Assert.Equal(200, (await silo.GetAsync(Artifacts[1])).Status);
        Assert.Equal(503, (await silo.GetAsync(Artifacts[2])).Status);
        var ready = await silo.GetAsync("/readyz");
        Assert.Equal(503, ready.Status);
        Assert.StartsWith("not ready\nstore: ", ready.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await silo.GetAsync("/healthz")).Status);
    }

    // What an upstream writes into its error, and what must not come out of it.
    [Theory]
    [InlineData("plain and short", "plain and short")]
    [InlineData("not found: said already", "not found: said already")]
    [InlineData("line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\nline 10\nline 11", "line 1\nline 2")]
    [InlineData("before\n\nbehind the blank line", "before")]
    [InlineData("before\r\n \t\r\nbehind a line of spaces", "before")]
    [InlineData("\n\n\nblank lines first", "blank lines first")]
    [InlineData("bell\u0007 and escape \u001b[31m", null)]
    [InlineData("zero\u200bwidth and \u202e turned", null)]
    [InlineData("caf\u00e9 \u65e5\u672c", "caf\u00e9 \u65e5\u672c")]
    [InlineData("", null)]
    public async Task Absence_InTheUpstreamsWords_IsWhatGoCanShow(string said, string? shown)
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Upstream.Faults.Always("*", Fault.Status(404, said));
        var answer = await silo.GetAsync(Artifacts[0]);
        Assert.Equal(404, answer.Status);
        AssertShownByGo(answer, said);
        if (shown is not null)
            Assert.StartsWith(shown, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Absence_OfAnEndlessName_FitsGosLimits()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Upstream.Faults.Always("*", Fault.Status(404, string.Concat(Enumerable.Repeat("\u65e5\u672c\u8a9e ", 500))));
        AssertShownByGo(await silo.GetAsync("/example.com/" + new string('x', 4000) + "/@v/list"), "a name of 4000 letters");
        AssertShownByGo(await silo.GetAsync("/example.com/" + string.Join('/', Enumerable.Repeat("x", 1500)) + "/@v/v1.0.0.zip"), "1500 elements");
        AssertShownByGo(await silo.GetAsync("/example.com/lib/@v/" + new string('v', 4000) + ".info"), "a version of 4000 letters");
        silo.Log.AssertNoExceptions();
    }

    // cmd/go shows at most 8 lines and 648 bytes of text/plain, up to a blank line, and nothing that is not printable.
    private static void AssertShownByGo(RawAnswer answer, string what)
    {
        Assert.Equal("text/plain; charset=utf-8", answer["Content-Type"]);
        Assert.InRange(answer.Body.Length, 1, 648);
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.Body);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var lines = text.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 1, 8);
        Assert.All(lines, line => Assert.False(string.IsNullOrWhiteSpace(line), what));
        Assert.All(text.Replace("\n", "", StringComparison.Ordinal).EnumerateRunes(), rune => Assert.False(
            Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
            $"{what}: U+{rune.Value:X4}"));
    }
}
