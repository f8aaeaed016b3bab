using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Http;
using ProxyCluster.Policy;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Gate;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Policy;

/// <summary>Where a policy has modules asked for, and where people find their pages.</summary>
public sealed class PolicyRewriteTests : IAsyncDisposable
{
    private const string Lib = "private.example/lib";

    private readonly UpstreamServer _mirror = UpstreamServer.Start();
    private readonly ScratchDirectory _repositories = new();
    private TestSilo _silo = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string ToMirror => $"- {{name: mirror, action: rewrite, upstream: '{_mirror.Url}', match: {{modules: private.example}}}}";

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
            await _silo.DisposeAsync();
        await _mirror.DisposeAsync();
        _repositories.Dispose();
    }

    [Theory]
    [InlineData("private.example/lib", "first", "https://a.example")]
    [InlineData("private.example/Lib.git", "first", "https://a.example")] // a name of the same repository: what leads elsewhere must not be asked in public
    [InlineData("private.example/other", "second", "direct")]
    [InlineData("other.example/x", "none", "")]
    public void Rewrite_OfAModule_IsTheFirstThatIsAboutItWhateverElseDecides(string module, string rule, string upstream)
    {
        var set = PolicyDecisionTests.Set(
            "- {name: open, action: allow, match: {modules: private.example/*}}",
            "- {name: first, action: rewrite, upstream: a.example, match: {modules: private.example/lib}}",
            "- {name: second, action: rewrite, upstream: direct, match: {modules: private.example}}",
            "- {name: rest, action: block, reason: x, match: {modules: other.example}}");
        var active = new ActivePolicy(7, 1, set.Rules, PolicyAdvisories.None);

        var rewrite = active.RewriteOrNull(ModulePath.Parse(module));

        Assert.Equal((rule, upstream), (rewrite?.Rule ?? "none", rewrite?.Upstream ?? ""));
        Assert.Equal(upstream.Length > 0 ? 7 : 0, rewrite?.Number ?? 0);
        var steps = set.Explain(PolicyDecisionTests.Question(module, "v1.0.0"), "tokyo", default, PolicyAdvisories.None).Steps;
        Assert.Equal(
            rule switch
            {
                "first" => (string[])["allows it", "has it asked for at https://a.example", "not reached", "not reached"],
                "second" => ["allows it", "not for this: modules", "has it asked for at direct", "not reached"],
                _ => ["not for this: modules", "not for this: modules", "not for this: modules", "blocks it"],
            },
            steps.Select(static step => step.Result));
    }

    /// <summary>A fetch is for everybody, and what is rolled out is for a few.</summary>
    [Fact]
    public void Rewrite_ThatIsBeingRolledOut_HasNoSayYet()
    {
        var book = Gates.Book();
        book.Take("policy: 1\nrules: []\n");
        var next = $"policy: 1\nrules:\n{ToMirror}\n";
        Assert.Null(book.TakeOrFault(book.Archive.Begin(next, "alice", "x", default).Write()));
        Assert.Null(book.InForce.Stable.RewriteOrNull(ModulePath.Parse(Lib)));

        book.Take(next);
        Assert.NotNull(book.InForce.Stable.RewriteOrNull(ModulePath.Parse(Lib)));
    }

    [Fact]
    public async Task Rewrite_OfAPrivatePath_IsAskedAtTheMirrorAndNowhereElse()
    {
        await StartAsync();
        var module = SiloModule.Pack(Lib, "v1.0.0");
        Serve(_mirror, module);

        // 1. Asked in public, it is not there: that is remembered, and says nothing of the mirror.
        Assert.Equal("404", await StatusAsync(module.Stem + ".zip"));
        Assert.Equal("404", await StatusAsync($"/{Lib}/@v/list"));
        Take(ToMirror);
        var before = _silo.Upstream.TotalRequests;

        // 2. The mirror has all of it.
        foreach (var path in (string[])[".info", ".mod", ".zip"])
            Assert.Equal("200", await StatusAsync(module.Stem + path));
        Assert.Equal("v1.0.0\n", await _silo.Http.GetStringAsync(new Uri($"/{Lib}/@v/list", UriKind.Relative), Cancel));
        Assert.Equal("200", await StatusAsync($"/{Lib}/@latest"));
        Assert.Equal(before, _silo.Upstream.TotalRequests);
        Assert.Equal(_mirror.Url, _silo.RecordOf(module)!.Zip!.Upstream);

        // 3. What is not there is nowhere; and without the rule it is asked in public again, and what is stored is given as before.
        Assert.Equal("404", await StatusAsync($"/{Lib}/@v/v1.9.0.zip"));
        Assert.Equal(before, _silo.Upstream.TotalRequests);
        Take("- {name: other, action: warn, text: x, match: {modules: other.example}}");
        Assert.Equal("200", await StatusAsync(module.Stem + ".zip"));
        Assert.Equal("404", await StatusAsync($"/{Lib}/@v/v1.9.0.zip"));
        Assert.True(before < _silo.Upstream.TotalRequests);
    }

    /// <summary>An upstream is no authority: who answers is another, what proves it is the same.</summary>
    [Fact]
    public async Task Rewrite_ToWhoSendsOtherBytes_IsAFailedProofAndNothingIsStored()
    {
        await StartAsync(("Verification:NoSumDb", ""));
        var module = SiloModule.Pack(Lib, "v1.0.0");
        _silo.Add(module);
        _mirror.Put(module.Stem + ".zip", SiloModule.Pack(Lib, "v1.0.0", randomBytes: 10).Zip);
        Take(ToMirror);

        var answer = await _silo.GetAsync(module.Stem + ".zip");

        Assert.Equal(502, answer.Status);
        Assert.Null(_silo.RecordOf(module)?.Zip);
        Assert.Equal(0, _silo.Upstream.Requests(module.Stem + ".zip"));
    }

    [Fact]
    public async Task Rewrite_ToWhoIsNotInTheList_IsAnOutageThatSaysSoAndAsksNobody()
    {
        await StartAsync();
        var module = SiloModule.Pack(Lib, "v1.0.0");
        Serve(_silo.Upstream, module);
        Take("- {name: gone, action: rewrite, upstream: gone.example, match: {modules: private.example}}");

        var answer = await _silo.GetAsync(module.Stem + ".zip");

        Assert.Equal(502, answer.Status);
        Assert.Contains("policy 1, rule gone, has https://gone.example asked, which is not in this silo's Upstreams:List", answer.Text, StringComparison.Ordinal);
        Assert.Equal(0, _silo.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Rewrite_OfAListThatWasKnown_CountsAtOnceAndNamesNothingOfTheOther()
    {
        await StartAsync();
        _silo.Upstream.Put($"/{Lib}/@v/list", "v1.0.0\nv1.1.0\n");
        _mirror.Put($"/{Lib}/@v/list", "v1.0.0\n");
        Assert.Equal("v1.0.0\nv1.1.0\n", await ListAsync());

        Take(ToMirror);
        Assert.Equal("v1.0.0\n", await ListAsync());
        Take("- {name: other, action: warn, text: x, match: {modules: other.example}}");
        Assert.Equal("v1.0.0\nv1.1.0\n", await ListAsync());
    }

    [Fact]
    public async Task Rewrite_ToARepository_IsTheModuleAsThatHasIt()
    {
        foreach (var (name, version) in (IEnumerable<(string, string)>)[("fork", "v1.5.0"), ("next", "v1.6.0")])
            new ScriptedRepository(name).Commit(("go.mod", $"module {Lib}\n"), ("lib.go", "package lib\n")).Tag(version).Make(_repositories.Path);
        await StartAsync(
            ("Upstreams:List", $"{{upstream}},{_mirror.Url},direct"), ("Direct:Rewrites:0", $"https://git.test/=file://{_repositories.Path}/"), ("Direct:Inside", "none"));
        _silo.Upstream.Put($"/{Lib}/@v/list", "v1.0.0\n");
        const string Rule = "- {name: fork, action: rewrite, upstream: direct, repository: 'https://git.test/fork', match: {modules: private.example/lib}}";
        const string Proxied = "- {name: proxied, action: block, reason: from upstreams only, match: {origin: direct}}";

        // Nothing is stored yet, and it would come from there.
        Take(Rule, Proxied);
        Assert.Equal("", await ListAsync());

        Take(Rule);
        Assert.Equal("v1.5.0\n", await ListAsync());
        Assert.Equal("200", await StatusAsync($"/{Lib}/@v/v1.5.0.zip"));
        Assert.Equal(0, _silo.Upstream.TotalRequests);

        // Another repository: what the first said is not its word. What is stored stays.
        Take(Rule.Replace("git.test/fork", "git.test/next", StringComparison.Ordinal));
        Assert.Equal("200", await StatusAsync($"/{Lib}/@v/v1.6.0.zip"));
        Assert.DoesNotContain("v1.0.0", await ListAsync(), StringComparison.Ordinal);

        // And what is stored came from there.
        Take(Rule, Proxied);
        Assert.Equal("", await ListAsync());
        Assert.Equal("403", await StatusAsync($"/{Lib}/@v/v1.5.0.zip"));
    }

    [Theory]
    [InlineData("direct", "direct", Origins.Direct)]
    [InlineData("https://proxy.example", "https://proxy.example", Origins.Upstream)]
    [InlineData("tokyo-1", "direct", Origins.Direct | Origins.Peer)]
    [InlineData("https://account.blob.example/modules", "https://proxy.example", Origins.Upstream | Origins.Peer)] // a region's shared store
    [InlineData("tokyo-1", null, Origins.Peer)] // an older record
    [InlineData("direct", null, Origins.Direct)]
    [InlineData("file:///mirror", null, Origins.Upstream)]
    public void Origin_OfARecord_IsWhereTheBytesCameFromAndByWhom(string source, string? upstream, object origin)
    {
        var artifact = new StoredArtifact(default, 1, source, default, Upstream: upstream);
        var record = new ModuleRecord { Module = new(ModulePath.Parse(Lib), "v1.0.0"), Zip = artifact };
        Assert.Equal(origin, PolicyFacts.Of(record, default).Origin);

        var read = RecordFile.ParseOrNull(RecordFile.Write(record), out var error);
        Assert.Null(error);
        Assert.Equal((artifact, upstream ?? source), (read!.Zip, read.Zip!.Origin));
    }

    [Fact]
    public async Task Page_OfAModule_IsWherePeopleAreSentAndGoIsNot()
    {
        await StartAsync();
        Take(
            "- {name: ours, action: redirect, to: 'https://docs.example.com/{module}?at={version}', match: {modules: private.example, client: {address: 127.0.0.0/8}}}",
            "- {name: public, action: redirect, to: 'https://pkg.go.dev/{module}@{version}'}");

        Assert.Equal($"https://docs.example.com/{Lib}?at=latest", await PageAsync("/" + Lib));
        Assert.Equal($"https://docs.example.com/{Lib}?at=v1.0.0%2Bincompatible", await PageAsync($"/{Lib}@v1.0.0+incompatible"));
        Assert.Equal("https://pkg.go.dev/github.com/Org/Lib@latest", await PageAsync("/github.com/Org/Lib"));
        foreach (var other in (string[])["/healthz", "/no-host", $"/{Lib}/@v/list", $"/{Lib}@a b", "/../x"])
            Assert.Null(await PageAsync(other));
        Assert.Equal(404, (await _silo.GetAsync("/" + Lib)).Status);

        Take("- {name: none, action: allow}");
        Assert.Null(await PageAsync("/" + Lib));

        async Task<string?> PageAsync(string path)
        {
            var answer = await _silo.GetAsync(path.Replace(" ", "%20", StringComparison.Ordinal), "Accept: text/html,*/*;q=0.8");
            Assert.Equal(answer.Status == 302, answer["Location"] is not null);
            if (answer.Status == 302)
                Assert.Equal("1", answer[PolicyAnswers.NumberHeader]);
            return answer["Location"];
        }
    }

    private async Task StartAsync(params (string, string)[] more) =>
        _silo = await TestSilo.StartAsync([("Upstreams:List", $"{{upstream}},{_mirror.Url}"), ("Verification:NoSumDb", "private.example"), ("Upstreams:Modules:0:Upstream", _mirror.Url), ("Upstreams:Modules:0:Include", "none"), .. more]);

    private void Take(params string[] rules) => _silo.Services.GetRequiredService<PolicyBook>().Take("policy: 1\nrules:\n" + string.Join('\n', rules) + "\n");

    private static void Serve(UpstreamServer upstream, SiloModule module)
    {
        upstream.Put(module.Stem + ".info", module.Info);
        upstream.Put(module.Stem + ".mod", module.GoMod);
        upstream.Put(module.Stem + ".zip", module.Zip);
        upstream.Put($"/{module.Module.Path.Escaped}/@v/list", module.Module.Version + "\n");
        upstream.Put($"/{module.Module.Path.Escaped}/@latest", Encoding.UTF8.GetString(module.Info));
    }

    private Task<string> ListAsync() => _silo.Http.GetStringAsync(new Uri($"/{Lib}/@v/list", UriKind.Relative), Cancel);

    private async Task<string> StatusAsync(string path) => (await _silo.GetAsync(path)).Status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
