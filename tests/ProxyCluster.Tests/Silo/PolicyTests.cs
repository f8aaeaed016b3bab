using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Http;
using ProxyCluster.Policy;
using ProxyCluster.Tests.Gate;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a client sees of the cluster's policy, on a whole silo.</summary>
public sealed class PolicyTests : IAsyncLifetime
{
    private const string List = "/example.com/m/@v/list";
    private const string Latest = "/example.com/m/@latest";

    private static readonly SiloModule One = SiloModule.Pack("example.com/m", "v1.0.0");
    private static readonly SiloModule Two = SiloModule.Pack("example.com/m", "v1.1.0");

    private TestSilo _silo = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _silo = await TestSilo.StartAsync();
        _silo.Add(One, Two);
        _silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        _silo.Upstream.Put(Latest, Encoding.UTF8.GetString(Two.Info));
        _silo.Upstream.Put("/example.com/m/@v/main.info", Encoding.UTF8.GetString(Two.Info));
    }

    public ValueTask DisposeAsync() => _silo.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Version_Blocked_StoredAndHotOrNot_IsRefusedAndChosenAround(bool isStored)
    {
        for (var times = 0; isStored && times < 2; times++)
            Assert.Equal((HttpStatusCode.OK, null), await AskAsync(Two.Stem + ".zip"));

        Take("- {name: bad, action: block, match: {modules: example.com/m, versions: v1.1.0}, reason: it deletes caches, instead: v1.0.0}");

        foreach (var path in (string[])[Two.Stem + ".zip", Two.Stem + ".mod", "/cached-only" + Two.Stem + ".zip", "/example.com/m/@v/main.info"])
            Assert.Equal((HttpStatusCode.Forbidden, "1"), await AskAsync(path));
        Assert.Contains(
            "example.com/m@v1.1.0 is blocked by policy 1, rule bad: it deletes caches\nuse instead: v1.0.0", (await _silo.GetAsync(Two.Stem + ".info")).Text, StringComparison.Ordinal);
        Assert.Equal("v1.0.0\n", await _silo.Http.GetStringAsync(List, Cancel));
        Assert.Equal(One.Info, await _silo.Http.GetByteArrayAsync(Latest, Cancel));

        // From memory under the number of those who let it through.
        for (var times = 0; times < 2; times++)
            Assert.Equal((HttpStatusCode.OK, "1"), await AskAsync(One.Stem + ".zip"));
        Take("");
        Assert.Equal((HttpStatusCode.OK, "2"), await AskAsync(Two.Stem + ".zip"));
    }

    [Fact]
    public async Task Branch_Blocked_IsRefusedAndVersionsAreNot()
    {
        Take("- {name: no-branches, action: block, match: {query: moving}, reason: builds must be repeatable}");
        Assert.Equal((HttpStatusCode.Forbidden, "1"), await AskAsync("/example.com/m/@v/main.info"));
        Assert.Equal((HttpStatusCode.OK, "1"), await AskAsync(Latest));
        Assert.Equal((HttpStatusCode.OK, "1"), await AskAsync(Two.Stem + ".info"));
    }

    [Fact]
    public async Task Warning_IsInEveryAnswer()
    {
        Take("- {name: old, action: warn, match: {modules: example.com}, text: 'goes in May: ü'}");
        for (var times = 0; times < 3; times++)
            Assert.Equal("old: goes in May: ?", (await _silo.GetAsync(Two.Stem + ".mod"))[PolicyAnswers.WarningHeader]);
    }

    [Fact]
    public async Task Cooldown_OfWhatIsAskedForFirst_PinsItAndGivesItToNobody()
    {
        Take("- {name: settle, action: cooldown, days: 7}");
        for (var times = 0; times < 2; times++)
            Assert.Equal((HttpStatusCode.Forbidden, "1"), await AskAsync(Two.Stem + ".mod"));
        Assert.Equal(Two.GoModH1, _silo.RecordOf(Two)?.GoModH1);
        Assert.Equal(1, _silo.Upstream.Requests(Two.Stem + ".mod"));
        Assert.Equal("", await _silo.Http.GetStringAsync(List, Cancel));
    }

    private void Take(string rules) => _silo.Services.GetRequiredService<PolicyBook>().Take($"policy: 1\nrules: {(rules.Length == 0 ? "[]" : "\n" + rules)}\n");

    private async Task<(HttpStatusCode Status, string? Policy)> AskAsync(string path)
    {
        using var answer = await _silo.Http.GetAsync(path, Cancel);
        return (answer.StatusCode, answer.Headers.TryGetValues(PolicyAnswers.NumberHeader, out var values) ? values.Single() : null);
    }
}
