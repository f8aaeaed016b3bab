using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Advisories;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Gate;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.RealGo;

/// <summary>What the real <c>go</c> prints of a policy, and what it chooses instead.</summary>
[Trait("Needs", "corpus")]
public class PolicyTests
{
    private const string Lib = "github.com/seed/lib";

    private const string Rules =
        """
        policy: 1
        rules:
        - name: no-master
          match: {modules: github.com/*/*, query: moving, refs: [master, main]}
          action: block
          reason: builds must be repeatable
          instead: a tagged version
        - name: named-hole
          match: {advisories: {ids: CVE-2026-0001}}
          action: block
          reason: it leaks passwords
        - name: organisation
          match: {modules: github.com/evil-corp}
          action: block
          reason: its owner has changed
          instead: github.com/good-corp
        """;

    private const string Record =
        """
        {"id":"GO-2026-0001","aliases":["CVE-2026-0001"],"affected":[{"package":{"name":"github.com/seed/lib","ecosystem":"Go"},
         "ranges":[{"type":"SEMVER","events":[{"introduced":"1.2.0"},{"fixed":"1.3.0"}]}]}]}
        """;

    [Fact]
    public Task Policy_AskedByGo_IsPrintedAndChosenAround() => AssertIsPrintedAndChosenAroundAsync("go");

    [Fact]
    [Trait("Needs", "newer-go")]
    public Task Policy_AskedByANewerGo_IsPrintedAndChosenAround() => AssertIsPrintedAndChosenAroundAsync(GoWorkspace.NewerGo());

    private static async Task AssertIsPrintedAndChosenAroundAsync(string go)
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch["ID"]);
        await File.WriteAllTextAsync(scratch["ID/GO-2026-0001.json"], Record, TestContext.Current.CancellationToken);
        await using var silo = await TestSilo.StartAsync(("Advisories:Database", scratch.Path));
        Publish(silo, Lib, "v1.1.0", "v1.2.0");
        Publish(silo, "github.com/evil-corp/a", "v1.0.0");
        Publish(silo, "github.com/evil-corp/a/b", "v1.0.0");
        var book = silo.Services.GetRequiredService<PolicyBook>();
        await Waiting.UntilAsync(() => silo.Services.GetRequiredService<AdvisoryBook>().Current.Count == 1);
        book.Take(Rules);
        using var workspace = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off", go);
        await workspace.GoAsync("mod", "init", "example.com/main");

        // 1. A branch, the named hole and everything of an organisation: what go prints says why, and what to do.
        await AssertSaysAsync($"{Lib}@master", $"{Lib}@master is blocked by policy 1, rule no-master: builds must be repeatable", "use instead: a tagged version");
        await AssertSaysAsync(
            $"{Lib}@v1.2.0", $"{Lib}@v1.2.0 is blocked by policy 1, rule named-hole: GO-2026-0001 (CVE-2026-0001), first fixed in v1.3.0: it leaks passwords", $"use instead: {Lib}@v1.3.0");
        foreach (var module in (string[])["github.com/evil-corp/a", "github.com/evil-corp/a/b"])
            await AssertSaysAsync($"{module}@latest", "rule organisation: its owner has changed", "use instead: github.com/good-corp");

        // 2. What it chooses: the newest that it can have, and all that may be named.
        Assert.Equal($"{Lib} v1.1.0\n", await workspace.GoAsync("list", "-m", "-versions", Lib + "@latest"));
        await workspace.GoAsync("get", Lib);
        Assert.Contains($"{Lib} v1.1.0", await File.ReadAllTextAsync(Path.Combine(workspace.Main, "go.mod"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // 3. Upstream releases the fixed one.
        Publish(silo, Lib, "v1.1.0", "v1.2.0", "v1.3.0");
        book.Take(Rules.Replace("leaks passwords", "leaks", StringComparison.Ordinal));
        await AssertSaysAsync($"{Lib}@v1.2.0", "policy 2, rule named-hole", "");
        await workspace.GoAsync("get", Lib + "@v1.3.0");

        async Task AssertSaysAsync(string what, string reason, string instead)
        {
            var got = await workspace.TryAsync("get", what);
            Assert.NotEqual(0, got.ExitCode);
            Assert.Contains(reason, got.Errors, StringComparison.Ordinal);
            Assert.Contains(instead, got.Errors, StringComparison.Ordinal);
            Assert.Contains("403 Forbidden", got.Errors, StringComparison.Ordinal);
        }
    }

    /// <summary>A path of ours that no public upstream has or may hear of: <c>go</c> gets it by its own name, from the mirror that the policy names.</summary>
    [Fact]
    public async Task Rewrite_OfAPrivatePath_IsWhatGoGets()
    {
        const string Ours = "git.corp.example/team/lib";
        await using var mirror = UpstreamServer.Start();
        await using var silo = await TestSilo.StartAsync(
            ("Upstreams:List", $"{{upstream}},{mirror.Url}"), ("Upstreams:Modules:0:Upstream", mirror.Url), ("Upstreams:Modules:0:Include", "none"), ("Verification:Private", "git.corp.example"));
        var module = SiloModule.Pack(Ours, "v1.1.0");
        foreach (var (ending, body) in (IEnumerable<(string, byte[])>)[(".info", module.Info), (".mod", module.GoMod), (".zip", module.Zip)])
            mirror.Put(module.Stem + ending, body);
        mirror.Put($"/{Ours}/@v/list", "v1.1.0\n");
        silo.Services.GetRequiredService<PolicyBook>().Take(
            $$$"""
            policy: 1
            rules:
            - {name: ours, action: rewrite, upstream: '{{{mirror.Url}}}', match: {modules: git.corp.example}}
            """);
        using var workspace = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off");
        await workspace.GoAsync("mod", "init", "example.com/main");

        await workspace.GoAsync("get", Ours);

        Assert.Contains($"{Ours} v1.1.0", await File.ReadAllTextAsync(Path.Combine(workspace.Main, "go.mod"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains($"{Ours} v1.1.0 {module.ZipH1}", await File.ReadAllTextAsync(Path.Combine(workspace.Main, "go.sum"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(silo.Upstream.Calls, static call => call.Path.StartsWith("/git.corp.example", StringComparison.Ordinal));
    }

    private static void Publish(TestSilo silo, string path, params string[] versions)
    {
        var modules = versions.Select(version => SiloModule.Pack(path, version)).ToList();
        silo.Add(modules);
        silo.Upstream.Put($"/{path}/@v/list", string.Concat(versions.Select(static version => version + "\n")));
        silo.Upstream.Put($"/{path}/@latest", Encoding.UTF8.GetString(modules[^1].Info));
        silo.Upstream.Put($"/{path}/@v/master.info", Encoding.UTF8.GetString(modules[^1].Info));
    }
}
