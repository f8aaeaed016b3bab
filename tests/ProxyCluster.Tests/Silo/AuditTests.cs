using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Audit;
using ProxyCluster.Policy;
using ProxyCluster.Seals;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Cli;
using ProxyCluster.Tests.Gate;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a whole silo remembers of what clients asked, and how operators ask for it.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private static readonly SiloModule One = SiloModule.Pack("example.com/m", "v1.0.0");
    private static readonly SiloModule Two = SiloModule.Pack("example.com/m", "v1.1.0");

    private readonly DirectoryInfo _tokens = Directory.CreateTempSubdirectory("proxycluster-audit-");
    private TestSilo _silo = null!;

    private string Tokens => Path.Combine(_tokens.FullName, "tokens");

    private string Token => Path.Combine(_tokens.FullName, "token");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Tokens, "viewer ann 0123456789abcdef0123456789abcdef\n", Cancel);
        await File.WriteAllTextAsync(Token, "0123456789abcdef0123456789abcdef\n", Cancel);
        _silo = await TestSilo.StartAsync(("Audit:Downloads", "true"), ("Audit:Directory", Path.Combine(_tokens.FullName, "audit")), ("Admin:TokenFile", Tokens), ("Audit:GatherFor", "0s"));
        _silo.Add(One, Two);
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.DisposeAsync();
        _tokens.Delete(recursive: true);
    }

    [Fact]
    public async Task Download_ColdFromDiskAndHot_IsALineEach_AndNothingElseIs()
    {
        for (var times = 0; times < 3; times++)
            await _silo.GetAsync(One.Stem + ".zip", "X-Request-Id: r" + times, "X-ProxyCluster-Build: 4711", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await _silo.AskAsync("HEAD", One.Stem + ".zip");
        await _silo.GetAsync(One.Stem + ".zip", "If-None-Match: *");
        await _silo.GetAsync("/example.com/other/@v/v1.0.0.zip");

        var lines = await LinesAsync(3);
        Assert.Equal(["r0", "r1", "r2"], lines.Select(static line => line.Request));
        Assert.All(lines, line => Assert.Equal(
            ("allow", "example.com/m", "v1.0.0", "zip", "127.0.0.1", "4711", "0af7651916cd43dd8448eb211c80319c", _silo.Upstream.Url, "tokyo"),
            (line.Event, line.Module, line.Version, line.Artifact, line.Address, line.Build, line.Trace, line.Origin?.TrimEnd('/'), line.Region)));
    }

    [Fact]
    public async Task Refusal_ByPolicyOrRuling_AndWarning_AreLines()
    {
        Take(
            """
            - {name: bad, action: block, match: {modules: example.com/m, versions: v1.1.0}, reason: it deletes caches}
            - {name: old, action: warn, match: {modules: example.com/m}, text: goes in May}
            """);
        Assert.Equal(403, (await _silo.GetAsync(Two.Stem + ".mod")).Status);
        Assert.Equal(200, (await _silo.GetAsync(One.Stem + ".mod")).Status);

        var lines = await LinesAsync(2);
        Assert.Equal([("block", "v1.1.0", "bad", 1L, "blocked"), ("warn", "v1.0.0", "old", 1L, null)],
            lines.Select(static line => (line.Event, line.Version, line.Rule, line.Policy ?? 0, line.Check)));
    }

    [Fact]
    public async Task Bytes_ThatFailTheirProof_AreSaidOfTheModuleAndOfWhoAsked()
    {
        _silo.Upstream.Put(One.Stem + ".mod", "module example.com/m\n// changed\n");
        Assert.Equal(502, (await _silo.GetAsync(One.Stem + ".mod")).Status);

        var lines = await LinesAsync(2);
        Assert.Equal(["fail", "integrity"], lines.Select(static line => line.Event).Order());
        Assert.All(lines, static line => Assert.Equal(("checksum-mismatch", "v1.0.0", "mod"), (line.Check, line.Version, line.Artifact)));
    }

    [Fact]
    public async Task Query_ByTheVerb_SaysWhoGotIt_FromMembersAndFromTheDirectory()
    {
        await _silo.GetAsync(One.Stem + ".zip", "X-ProxyCluster-Build: 4711");
        await _silo.GetAsync(Two.Stem + ".zip");
        await LinesAsync(2);

        string[] filter = ["audit", "query", "--module", "example.com/m@v1.0.0", "--decision", "allow", "--since", "1h", "--format"];
        var asked = await CommandLineCall.RunAsync([.. filter, "json", "--url", _silo.Http.BaseAddress!.ToString(), "--token-file", Token]);
        Assert.Equal((0, ""), (asked.Status, asked.Error));
        Assert.Equal("4711", AuditLine.ReadOrNull(Encoding.UTF8.GetBytes(Assert.Single(asked.Out.Trim().Split('\n'))))!.Build);
        var read = await CommandLineCall.RunAsync([.. filter, "csv", "--data", _silo.Data, "--set", $"Audit:Directory={Path.Combine(_tokens.FullName, "audit")}"]);
        Assert.Equal(2, read.Out.Trim().Split('\n').Length);
        Assert.Contains(",127.0.0.1,,,4711,", read.Out, StringComparison.Ordinal);
        Assert.Contains(",allow,example.com/m,v1.0.0,zip,,,", read.Out, StringComparison.Ordinal);

        var gone = await CommandLineCall.RunAsync([.. filter, "json", "--url", _silo.Http.BaseAddress + ",http://127.0.0.1:1", "--token-file", Token]);
        Assert.Equal(1, gone.Status);
        Assert.Contains("4711", gone.Out, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1 did not say all of it", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_WritesTheEnd_AndVerifyFindsOneFlippedByte()
    {
        await _silo.GetAsync(One.Stem + ".zip");
        await _silo.StopAsync();
        var directory = Path.Combine(_tokens.FullName, "audit");
        string[] verify = ["audit", "verify", "--data", _silo.Data, "--set", $"Audit:Directory={directory}"];
        var whole = await CommandLineCall.RunAsync(verify);
        Assert.True(whole.Status == 0, whole.Out + whole.Error);

        var file = AuditFileName.In(directory)[0].Path;
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        var changed = await CommandLineCall.RunAsync(verify);
        Assert.Equal(1, changed.Status);
        Assert.Contains("problem", changed.Out, StringComparison.Ordinal);
        await _silo.StartAgainAsync();
    }

    [Fact]
    public async Task Seal_IsWhatTheClusterKnows_AndAnEndThatIsCutOffIsFoundAndSealedNoMore()
    {
        // 1. Sealed.
        _silo.Configure(("Audit:SealEvery", "1s"));
        await _silo.StopAsync();
        await _silo.StartAgainAsync();
        await _silo.GetAsync(One.Stem + ".zip");
        await Waiting.UntilAsync(() => Place() is { Head.Sequence: > 0 } place && SealedOf(place.Log) > 3, "the log is sealed");
        await _silo.StopAsync();
        var directory = Path.Combine(_tokens.FullName, "audit");
        string[] verify = ["audit", "verify", "--data", _silo.Data, "--set", $"Audit:Directory={directory}"];
        var whole = await CommandLineCall.RunAsync(verify);
        Assert.True(whole.Status == 0 && whole.Out.Contains("sealed up to", StringComparison.Ordinal), whole.Out + whole.Error);

        // What vouches for nothing is not taken for somebody who knows nothing.
        var other = Path.Combine(_tokens.FullName, "seals");
        await File.WriteAllTextAsync(other, "1\n{}", Cancel);
        var wrong = await CommandLineCall.RunAsync([.. verify, "--seals", other]);
        Assert.Equal(2, wrong.Status);
        Assert.Contains("it is no file of seals", wrong.Error, StringComparison.Ordinal);

        // 2. All but the first three lines is cut off.
        foreach (var (_, path) in AuditFileName.In(directory).Skip(1))
            File.Delete(path);
        var file = AuditFileName.In(directory)[0].Path;
        await File.WriteAllLinesAsync(file, (await File.ReadAllLinesAsync(file, Cancel)).Take(3), Cancel);
        var cut = await CommandLineCall.RunAsync(verify);
        Assert.Equal(1, cut.Status);
        Assert.StartsWith("the end is missing: the cluster knows line", cut.Out, StringComparison.Ordinal);

        // 3. And the silo says so itself, and leaves the evidence.
        await _silo.StartAgainAsync();
        await Waiting.UntilAsync(() => AuditReader.Read(directory, new AuditFilter { Decision = "integrity" }, new AuditAddresses(null)).Any(static line => line.Check == "audit-log"));
        var known = SealedOf(Place().Log);
        for (var i = 0; i < known; i++)
            await _silo.GetAsync(One.Stem + ".zip");
        await Waiting.UntilAsync(() => Place().Head.Sequence > known);
        Assert.Equal(1, (await CommandLineCall.RunAsync(verify)).Status);

        AuditPlace Place() => _silo.Services.GetRequiredService<AuditLog>().Place;

        long SealedOf(string log) => _silo.Services.GetRequiredService<SealBook>().Current.OfOrNull(log)?.Sequence ?? 0;
    }

    /// <summary>What is known to be bad today was given before.</summary>
    [Fact]
    public async Task Vuln_OfWhatIsStoredAndWasServed_SaysToWhom()
    {
        const string Record = """{"id":"GO-2026-1","affected":[{"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.1.0"}]}]}]}""";
        var database = Directory.CreateDirectory(Path.Combine(_tokens.FullName, "db")).CreateSubdirectory("ID");
        await File.WriteAllTextAsync(Path.Combine(database.FullName, "GO-2026-1.json"), Record, Cancel);
        foreach (var (module, build) in (IEnumerable<(SiloModule, string)>)[(One, "4711"), (One, "4711"), (One, "4712"), (Two, "4713")])
            await _silo.GetAsync(module.Stem + ".zip", "X-ProxyCluster-Build: " + build);
        await LinesAsync(4);
        string[] vuln = ["vuln", "--stored", "--served", "--data", _silo.Data, "--set", $"Audit:Directory={Path.Combine(_tokens.FullName, "audit")}", "--vulndb", database.Parent!.FullName];

        var call = await CommandLineCall.RunAsync([.. vuln, "--json"]);

        Assert.Equal((3, ""), (call.Status, call.Error));
        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal(
            ["127.0.0.1 build 4712 1", "127.0.0.1 build 4711 2"],
            json.RootElement.GetProperty("served").EnumerateArray().Select(static one => $"{one.GetProperty("client").GetString()} {one.GetProperty("times").GetInt64()}"));
        Assert.EndsWith("1 of them were given to 2 clients, by the audit log\n", (await CommandLineCall.RunAsync(vuln)).Out, StringComparison.Ordinal);
        Assert.EndsWith("0 of them were given to 0 clients, by the audit log\n", (await CommandLineCall.RunAsync([.. vuln, "--since", "0s"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stranger_AtTheAdminDoor_IsALine()
    {
        using var answer = await _silo.Http.GetAsync("/-/admin/v1/audit", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("admin-token", Assert.Single(await LinesAsync(1)).Check);
    }

    private async Task<List<AuditLine>> LinesAsync(int count)
    {
        var directory = Path.Combine(_tokens.FullName, "audit");
        List<AuditLine> lines = [];
        await Waiting.UntilAsync(() => (lines = [.. AuditReader.Read(directory, new AuditFilter(), new AuditAddresses(null))]).Count >= count, $"{count} lines are written");

        // And no more than those, once everything is.
        await Waiting.UntilAsync(() => _silo.Services.GetRequiredService<AuditLog>().Queue.Count == 0);
        Assert.Equal(count, lines.Count);
        return lines;
    }

    private void Take(string rules) => _silo.Services.GetRequiredService<PolicyBook>().Take($"policy: 1\nrules:\n{rules}\n");
}
