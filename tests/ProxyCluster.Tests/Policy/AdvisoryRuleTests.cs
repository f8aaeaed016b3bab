using System.Text;
using ProxyCluster.Advisories;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Gate;

namespace ProxyCluster.Tests.Policy;

/// <summary>Rules about advisories: which they are about, what they say, and when a change of the database counts.</summary>
public sealed class AdvisoryRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 3, 12, 30, 0, default);

    private static readonly AdvisorySet Set = new(
    [
        Read("""{"id":"GO-2026-1","published":"2026-05-20T12:15:00Z","aliases":["CVE-2026-7","GHSA-aaaa"],"summary":"Leaks\u001b all","database_specific":{"severity":"HIGH"},"""),
        Read("""{"id":"GO-2026-2","published":"2026-05-01T00:00:00Z",""", "1.2.0", "1.8.0"),
        Read("""{"id":"GO-2026-3","database_specific":{"severity":"LOW"},""", "1.7.0", null),
    ]);

    [Theory]
    [InlineData("{}", "v1.0.0", "GO-2026-1 (CVE-2026-7, GHSA-aaaa), first fixed in v1.5.0 (Leaks\\u001b all)", "example.com/m@v1.5.0")]
    [InlineData("{}", "v1.2.0", "GO-2026-1 (CVE-2026-7, GHSA-aaaa), first fixed in v1.5.0; GO-2026-2, first fixed in v1.8.0", "example.com/m@v1.8.0")]
    [InlineData("{}", "v1.7.0", "GO-2026-2, first fixed in v1.8.0; GO-2026-3, not fixed in any version", null)]
    [InlineData("{ids: CVE-2026-7}", "v1.2.0", "GO-2026-1 (", "example.com/m@v1.5.0")]
    [InlineData("{ids: 'GHSA-*'}", "v1.2.0", "GO-2026-1 (", "example.com/m@v1.5.0")]
    [InlineData("{ids: CVE-2026-70}", "v1.2.0", null, null)]
    [InlineData("{severity: medium}", "v1.2.0", "GO-2026-1 (", "example.com/m@v1.5.0")]
    [InlineData("{severity: critical}", "v1.2.0", null, null)]
    [InlineData("{severity: critical, unrated: true}", "v1.2.0", "GO-2026-2, ", "example.com/m@v1.8.0")]
    [InlineData("{days: 14}", "v1.0.0", null, null)] // in force from the full hour behind it
    [InlineData("{days: 13}", "v1.0.0", "GO-2026-1 (", "example.com/m@v1.5.0")]
    [InlineData("{days: 3000}", "v1.7.0", "GO-2026-3, not fixed", null)] // no date
    [InlineData("{fixed: false}", "v1.7.0", "GO-2026-3, not fixed", null)]
    [InlineData("{fixed: true}", "v1.8.0", null, null)]
    [InlineData("{}", "v1.6.0", "GO-2026-2, ", "example.com/m@v1.8.0")]
    [InlineData("{severity: low, fixed: true}", "v1.6.0", null, null)]
    public void Decide_AVersion_NamesTheAdvisoriesThatTheRuleIsAbout(string condition, string version, string? reason, string? instead)
    {
        var active = Active($"- {{name: hole, action: block, reason: be careful, match: {{advisories: {condition}}}}}");
        for (var times = 0; times < 2; times++)
        {
            var decided = active.Decide(PolicyDecisionTests.Question("example.com/m", version), out var isForAnybody);
            Assert.True(isForAnybody);
            Assert.Equal((reason is null ? PolicyVerdict.Allow : PolicyVerdict.Block, instead), (decided.Verdict, decided.Instead));
            Assert.StartsWith(reason ?? "", decided.Reason, StringComparison.Ordinal);
            Assert.True(reason is null || decided.Reason.EndsWith(": be careful", StringComparison.Ordinal), decided.Reason);
        }
    }

    [Fact]
    public void Decide_AWarning_NamesThemToo()
    {
        var decided = Active("- {name: hole, action: warn, text: look, match: {advisories: {}}}").Decide(PolicyDecisionTests.Question("example.com/m", "v1.6.0"), out _);
        Assert.Equal([new PolicyWarning("hole", "GO-2026-2, first fixed in v1.8.0: look")], decided.Warnings);
    }

    [Fact]
    public void Decide_WhatTheRuleSaysInstead_Stands() => Assert.Equal("ask us", Active(
        "- {name: hole, action: block, reason: x, instead: ask us, match: {advisories: {}}}").Decide(PolicyDecisionTests.Question("example.com/m", "v1.6.0"), out _).Instead);

    [Fact]
    public void Decide_OfListsAlone_KeepsThemOutOfListsAndGivesThem()
    {
        var active = Active("- {name: prefer, action: block, reason: x, match: {query: [list, latest], advisories: {fixed: true}}}");
        var question = PolicyDecisionTests.Question("example.com/m", "v1.6.0");
        Assert.True(active.HidesSomeOf(question.Module));
        Assert.False(active.HidesSomeOf(ModulePath.Parse("example.com/n")));
        Assert.Equal(PolicyVerdict.Allow, active.Decide(PolicyDecisionTests.Question("example.com/m", "list"), out _).Verdict);
        Assert.Equal(PolicyVerdict.Allow, active.Decide(question, out _).Verdict);
        Assert.Equal(PolicyVerdict.Block, active.Decide(question with { Kind = AskKinds.List }, out _).Verdict);
        Assert.Equal(PolicyVerdict.Allow, active.Decide(question with { Kind = AskKinds.Moving }, out _).Verdict);
        Assert.Equal(PolicyVerdict.Allow, active.Decide(question with { Kind = AskKinds.List, Version = "v1.8.0" }, out _).Verdict);
    }

    [Fact]
    public void Book_NewAdvisoriesAndAnotherHour_CountFromTheNextLookAndOnlyWhereARuleIsAboutThem()
    {
        var clock = new ManualTimeProvider(Now);
        var advisories = new AdvisoryBook(clock);
        var book = Gates.Book(advisories, clock);
        book.Take("policy: 1\nrules:\n- {name: hole, action: block, reason: x, match: {advisories: {days: 14}}}\n");
        var version = book.Current.Version;
        Assert.False(book.FollowClock());
        Assert.Equal(version, book.Current.Version);

        // 1. Of itself, an update changes nothing that is judged by; the next look takes it.
        advisories.Take(Set);
        Assert.Equal(PolicyVerdict.Allow, Ask("v1.6.0"));
        Assert.False(book.FollowClock());
        Assert.Equal((version + 1, PolicyVerdict.Block, PolicyVerdict.Allow), (book.Current.Version, Ask("v1.6.0"), Ask("v1.0.0")));

        // 2. The other one is two weeks old at the next full hour.
        clock.Advance(TimeSpan.FromMinutes(30));
        book.FollowClock();
        Assert.Equal((version + 2, PolicyVerdict.Block), (book.Current.Version, Ask("v1.0.0")));

        // 3. Without a rule about them nothing is thrown away.
        book.Take("policy: 1\nrules: []\n");
        version = book.Current.Version;
        advisories.Take(AdvisorySet.Empty);
        book.FollowClock();
        Assert.Equal(version, book.Current.Version);

        PolicyVerdict Ask(string asked) => book.Current.Decide(PolicyDecisionTests.Question("example.com/m", asked), out _).Verdict;
    }

    private static ActivePolicy Active(string rule)
    {
        var set = PolicyDecisionTests.Set(rule);
        return new(1, 1, set.At("tokyo", Now), PolicyAdvisories.Of(Set, Now));
    }

    private static Advisory Read(string head, string introduced = "0", string? first = "1.5.0")
    {
        var events = $$"""{"introduced":"{{introduced}}"}{{(first is null ? "" : $$""",{"fixed":"{{first}}"}""")}}""";
        var json = $$$"""{{{head}}}"affected":[{"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{{{events}}}]}]}]}""";
        Assert.True(Advisory.TryParse(Encoding.UTF8.GetBytes(json), out var advisory, out var error), error);
        return advisory;
    }
}
