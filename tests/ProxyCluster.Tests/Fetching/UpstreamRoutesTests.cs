using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Fetching;

public sealed class UpstreamRoutesTests
{
    private const string Public = "https://proxy.golang.org";
    private const string Own = "https://goproxy.corp.example";

    [Theory]
    [InlineData("github.com/x/y", "", "", "", "+ +")]
    [InlineData("corp.example/x", "", "", "", "+ +")]
    [InlineData("corp.example/x", "corp.example", "", "", "+ -")] // GOPRIVATE alone
    [InlineData("github.com/x/y", "corp.example", "", "", "+ +")]
    [InlineData("golang.org/toolchain", "*", "", "", "+ +")]
    [InlineData("corp.example/x", "", "corp.example,*.corp.example", "", "+ -")] // who is named is the only one
    [InlineData("git.corp.example/x", "", "corp.example,*.corp.example", "", "+ -")]
    [InlineData("github.com/x/y", "", "corp.example", "", "- +")]
    [InlineData("corp.example/open", "", "corp.example", "corp.example/open", "- +")]
    [InlineData("corp.example/x", "", "", "corp.example", "- +")]
    [InlineData("corp.example/x", "corp.example", "", "corp.example", "- -")]
    public void Module_UnderPatterns_IsAskedOnlyWhereItMayBeKnown(string module, string privates, string include, string exclude, string expected)
    {
        var routes = Routes($"{Own},{Public}", privates, new UpstreamModulesOptions { Upstream = Own, Include = include, Exclude = exclude });
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, 2).Select(i => routes.Of(i, ModulePath.Parse(module)).MayAsk ? "+" : "-")));
    }

    [Theory]
    [InlineData("github.com/x/y", "", "", Own, "+ -")]
    [InlineData("github.com/x/y", "", "", Public, "- +")]
    [InlineData("corp.example/x", "corp.example", "", Own, "+ -")]
    [InlineData("corp.example/x", "corp.example", "", Public, "- -")] // no policy gives a private name away
    [InlineData("github.com/x/y", "", "github.com/x", Own, "- -")] // it is kept from it
    [InlineData("corp.example/x", "", "", "https://elsewhere.example", "- -")]
    public void Module_ThatThePolicyNamesAnUpstreamFor_IsAskedThereOrNowhere(string module, string privates, string exclude, string upstream, string expected)
    {
        // Its own words on what it has are the list's, which the policy stands above.
        var routes = Routes($"{Own},{Public}", privates, new UpstreamModulesOptions { Upstream = Own, Include = "none", Exclude = exclude });
        var (path, rewrite) = (ModulePath.Parse(module), new PolicyRewrite(3, "it", upstream, null));
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, 2).Select(i => routes.Of(i, path, rewrite).MayAsk ? "+" : "-")));
        var why = routes.WhyNobody(UpstreamResource.List(path), rewrite);
        Assert.Equal(upstream is Own or Public ? FailureKind.Blocked : FailureKind.UpstreamUnavailable, why.Kind);
        Assert.Contains("policy 3, rule it, has ", why.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PrivateModule_ForWhichAPublicUpstreamIsNamed_IsAskedThere() => Assert.True(
        Routes(Public, "corp.example", new UpstreamModulesOptions { Upstream = "proxy.golang.org/", Include = "corp.example/open" })
            .Of(0, ModulePath.Parse("corp.example/open/lib")).MayAsk);

    [Fact]
    public async Task PrivateName_ThatItsUpstreamDoesNotKnow_CannotBeTakenOverByAnother()
    {
        await using var own = UpstreamServer.Start();
        await using var elsewhere = UpstreamServer.Start();
        elsewhere.Put("/corp.example/lib/@v/v1.0.0.zip", "malware");
        elsewhere.Put(ChainFixture.ZipPath, "a zip");
        using var fixture = new ChainFixture($"{own.Url}|{elsewhere.Url}", o =>
            o.Modules = [new UpstreamModulesOptions { Upstream = own.Url, Include = "corp.example" }]);
        var name = ChainFixture.ParseVersion("corp.example/lib", "v1.0.0");

        Assert.Equal(FailureKind.NotFound, (await fixture.FetchAsync(new(UpstreamResource.Artifact(name, ArtifactKind.Zip)))).Failure?.Kind);
        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);

        Assert.Equal([ChainFixture.ZipPath], elsewhere.Calls.Select(static call => call.Path));
        Assert.Equal(["/corp.example/lib/@v/v1.0.0.zip"], own.Calls.Select(static call => call.Path));
    }

    [Fact]
    public async Task PrivateModule_WhereEveryUpstreamIsPublic_IsBlockedAndSaysWhy()
    {
        using var fixture = new ChainFixture(Public, privates: "github.com/gorilla");
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.Blocked, failure.Kind);
        Assert.Contains("private by \"github.com/gorilla\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RouteVerb_OfAPrivateModule_SaysWhereItWouldBeAskedAndWhy()
    {
        var variables = new Dictionary<string, string> { ["GOPRIVATE"] = "corp.example", ["GOPROXY"] = $"{Own}|{Public},direct" };

        var call = await CommandLineCall.RunAsync(variables, "route", "corp.example/lib@v1.0.0");

        Assert.Equal((0, ""), (call.Status, call.Error));
        Assert.Equal(
            [
                $"asked      {Own}  nothing keeps the module from it",
                $"not asked  {Public}      the module is private by \"corp.example\", and this upstream is public",
            ],
            call.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.TrimEnd()));
    }

    [Theory]
    [InlineData(1, "corp.example/lib", "--upstream", Public, "--set", "Verification:Private=corp.example")]
    [InlineData(1, "corp.example/lib", "--upstream", "off")]
    [InlineData(2, "no module")]
    [InlineData(2, "corp.example/lib", "--upstream", "direct", "--direct-rewrite", "https://a.example")]
    [InlineData(2, "corp.example/lib", "--upstream", "direct", "--direct-rewrite", "https://a.example/=ext::sh -c true")]
    [InlineData(0, "corp.example/lib", "--upstream", "direct", "--direct-rewrite", "https://a.example/=ssh://git@b.example/", "--direct-rewrite", "https://c.example/=file:///srv/")]
    public async Task RouteVerb_WhereNobodyIsAsked_SaysSoByItsStatus(int status, params string[] args) =>
        Assert.Equal(status, (await CommandLineCall.RunAsync(["route", .. args])).Status);

    [Fact]
    public async Task ConfigVerb_WithPatterns_ShowsThem()
    {
        var call = await CommandLineCall.RunAsync(
            "config", "--upstream", Own, "--set", $"Upstreams:Modules:0:Upstream={Own}", "--set", "Upstreams:Modules:0:Include=corp.example");
        Assert.Equal(0, call.Status);
        Assert.Matches(@"Upstreams:Modules:0:Include +corp\.example ", call.Out);
    }

    private static UpstreamRoutes Routes(string list, string privates, params UpstreamModulesOptions[] modules)
    {
        Assert.True(GoProxyList.TryParse(list, out var parsed, out var error), error);
        return new UpstreamRoutes(parsed, modules, ModulePathPatterns.Parse(privates));
    }
}
