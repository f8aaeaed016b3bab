using System.Text;
using ProxyCluster.GoModules.Advisories;

namespace ProxyCluster.GoModules.Tests.Advisories;

public sealed class AdvisoryTests
{
    private const string Module = "example.com/m";
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("""{"introduced":"0"}""", "v0.0.0-0", true)]
    [InlineData("""{"introduced":"0"}""", "v99.0.0", true)]
    [InlineData("""{"introduced":"1.2.0"},{"fixed":"1.3.0"}""", "v1.1.9", false)]
    [InlineData("""{"introduced":"1.2.0"},{"fixed":"1.3.0"}""", "v1.2.0", true)]
    [InlineData("""{"introduced":"1.2.0"},{"fixed":"1.3.0"}""", "v1.2.0-rc.1", false)]
    [InlineData("""{"introduced":"1.2.0"},{"fixed":"1.3.0"}""", "v1.3.0-rc.1", true)]
    [InlineData("""{"introduced":"1.2.0"},{"fixed":"1.3.0"}""", "v1.3.0", false)]
    [InlineData("""{"fixed":"2.1.0"},{"introduced":"2.0.0"},{"fixed":"1.3.0"},{"introduced":"0"}""", "v1.9.0", false)] // in no order
    [InlineData("""{"fixed":"2.1.0"},{"introduced":"2.0.0"},{"fixed":"1.3.0"},{"introduced":"0"}""", "v1.0.0", true)]
    [InlineData("""{"fixed":"2.1.0"},{"introduced":"2.0.0"},{"fixed":"1.3.0"},{"introduced":"0"}""", "v2.0.5", true)]
    [InlineData("""{"introduced":"v1.2.0"},{"fixed":"go1.3.0"}""", "v1.2.5", true)] // prefixes count for nothing
    [InlineData("""{"introduced":"1.2.0"},{"fixed":"1.3.0"}""", "v1.2.1-0.20230101000000-abcdefabcdef", true)]
    [InlineData("""{"introduced":"0"},{"fixed":"3.0.0"}""", "v2.0.0+incompatible", true)]
    [InlineData("", "v1.0.0", true)] // a range without events
    public void Affects_Events_AreReadAsByGovulncheck(string events, string version, bool isAffected) =>
        Assert.Equal(isAffected ? AdvisoryReadings.Both : AdvisoryReadings.None, Parse($$"""[{"type":"SEMVER","events":[{{events}}]}]""").Affects(Module, version));

    [Theory]
    [InlineData("""{"introduced":"0"},{"last_affected":"1.2.0"}""", "v1.2.0", AdvisoryReadings.Both)]
    [InlineData("""{"introduced":"0"},{"last_affected":"1.2.0"}""", "v1.2.1", AdvisoryReadings.Govulncheck)]
    [InlineData("""{"introduced":"0"},{"limit":"2.0.0"}""", "v2.0.0", AdvisoryReadings.Govulncheck)]
    [InlineData("""{"introduced":"0"},{"limit":"*"}""", "v2.0.0", AdvisoryReadings.Both)]
    public void Affects_WhatGovulncheckDoesNotKnow_IsToldApart(string events, string version, AdvisoryReadings by) =>
        Assert.Equal(by, Parse($$"""[{"type":"SEMVER","events":[{{events}}]}]""").Affects(Module, version));

    [Theory]
    [InlineData("v5.3.1+incompatible", AdvisoryReadings.Both)]
    [InlineData("v5.3.2+incompatible", AdvisoryReadings.Govulncheck)]
    public void Affects_RangeThatSaysAllBesideCustomRanges_MeansThose(string version, AdvisoryReadings by)
    {
        var advisory = Parse(
            """[{"type":"SEMVER","events":[{"introduced":"0"}]}]""",
            """, "ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"5.3.2"}]}]}""");
        Assert.Equal(by, advisory.Affects(Module, version));
        Assert.Equal(by == AdvisoryReadings.Both ? "v5.3.2" : null, advisory.FirstFixedOrNull(Module, version));
    }

    [Fact]
    public void Affects_CustomRangeThatCannotBeCompared_MayHoldAnyVersion()
    {
        var advisory = Parse(
            """[{"type":"SEMVER","events":[{"introduced":"0"}]}]""",
            """, "ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"spring release"}]}]}""");
        Assert.Equal(AdvisoryReadings.Both, advisory.Affects(Module, "v9.0.0"));
    }

    [Fact]
    public void Affects_ListOfVersions_IsOnlyForThoseWhoReadIt()
    {
        var advisory = Parse("""[{"type":"SEMVER","events":[{"introduced":"2.0.0"}]}]""", """, "versions":["1.0.0"]""");
        Assert.Equal(AdvisoryReadings.Record, advisory.Affects(Module, "v1.0.0"));
        Assert.Equal(AdvisoryReadings.None, advisory.Affects(Module, "v1.0.1"));
        Assert.Equal(AdvisoryReadings.Both, advisory.Affects(Module, "v2.0.1"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""[{"type":"GIT","events":[{"introduced":"0"}]}]""")]
    public void Affects_NothingThatCanBeCompared_MeansAllVersions(string ranges) =>
        Assert.Equal(AdvisoryReadings.Both, Parse(ranges).Affects(Module, "v1.0.0"));

    [Theory]
    [InlineData("example.com/M")]
    [InlineData("example.com/m/v2")]
    [InlineData("example.com/m/sub")]
    public void Affects_AnotherModule_IsNotMeant(string module) => Assert.Equal(AdvisoryReadings.None, Parse("[]").Affects(module, "v1.0.0"));

    [Fact]
    public void FirstFixed_PartsAboutOneModule_AreNotAffectedByAnyOfThem()
    {
        Assert.True(Advisory.TryParse(
            """
            {"id":"GO-1","affected":[
              {"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.5.0"}]}]},
              {"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.5.0"},{"fixed":"1.6.0"}]}]}]}
            """u8, out var advisory, out _));
        Assert.Equal("v1.6.0", advisory.FirstFixedOrNull(Module, "v1.2.0"));
        Assert.Equal("v1.6.0", advisory.FirstFixedOrNull(Module, "v1.5.3"));
    }

    [Fact]
    public void FirstFixed_SeveralBranches_IsTheNearestAbove()
    {
        var advisory = Parse("""[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.18.5"},{"introduced":"1.19.0-0"},{"fixed":"1.19.2"}]}]""");
        Assert.Equal("v1.18.5", advisory.FirstFixedOrNull(Module, "v1.18.1"));
        Assert.Equal("v1.19.2", advisory.FirstFixedOrNull(Module, "v1.19.0"));
        Assert.Null(Parse("""[{"type":"SEMVER","events":[{"introduced":"0"}]}]""").FirstFixedOrNull(Module, "v1.0.0"));
    }

    [Theory]
    [InlineData("2026-01-02T03:04:04Z", 0)]
    [InlineData("2026-01-02T03:04:06Z", 1)]
    public void Find_Withdrawn_IsNotInForceFromThenOn(string withdrawn, int found)
    {
        Assert.True(Advisory.TryParse(Encoding.UTF8.GetBytes(
            $$$"""{"id":"GO-1","withdrawn":"{{{withdrawn}}}","affected":[{"package":{"name":"example.com/m","ecosystem":"Go"}}]}"""), out var advisory, out _));
        Assert.Equal(found, new AdvisorySet([advisory]).Find(Module, "v1.0.0", Now).Count);
    }

    [Fact]
    public void Set_TwoOfOneName_TakesTheLater()
    {
        Assert.True(Advisory.TryParse("""{"id":"GO-1","modified":"2025-01-01T00:00:00Z","affected":[{"package":{"name":"example.com/m"}}]}"""u8, out var earlier, out _));
        Assert.True(Advisory.TryParse("""{"id":"GO-1","modified":"2025-01-02T00:00:00Z","affected":[{"package":{"name":"example.com/n"}}]}"""u8, out var later, out _));
        var set = new AdvisorySet([later, earlier]);
        Assert.Equal((1, false, true), (set.Count, set.Concerns(Module), set.Concerns("example.com/n")));
    }

    [Fact]
    public void TryParse_WholeRecord_HasWhatJudgingNeeds()
    {
        Assert.True(Advisory.TryParse(
            """
            {"schema_version":"1.3.1","id":"GO-2024-0001","modified":"2024-02-01T01:02:03.456Z","published":"2024-01-01T00:00:00Z",
             "aliases":["CVE-2024-1","GHSA-aaaa-bbbb-cccc","CVE-2024-1"],"summary":"A summary","details":"Long",
             "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V4","score":"CVSS:4.0/AV:N"}],
             "affected":[{"package":{"name":"stdlib","ecosystem":"Go"},"ecosystem_specific":{"imports":[{"path":"net/http","symbols":["Get"]}]}},
                         {"package":{"name":"lodash","ecosystem":"npm"}}],
             "references":[{"type":"FIX","url":"https://go.dev/cl/1"}],"database_specific":{"url":"https://pkg.go.dev/vuln/GO-2024-0001"}}
            """u8, out var advisory, out _));
        Assert.Equal(("GO-2024-0001", "A summary", 9.8, SeverityLevel.Critical), (advisory.Id, advisory.Summary, advisory.Severity?.Score, advisory.Severity?.Level));
        Assert.Equal(["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], advisory.Aliases);
        Assert.Equal(["stdlib"], advisory.Modules);
        Assert.Equal(new DateTimeOffset(2024, 2, 1, 1, 2, 3, 456, TimeSpan.Zero), advisory.Modified);
    }

    [Theory]
    [InlineData("HIGH", SeverityLevel.High)]
    [InlineData("moderate", SeverityLevel.Medium)]
    [InlineData("odd", null)]
    public void TryParse_SeverityInAWord_HasNoScore(string word, SeverityLevel? level)
    {
        Assert.True(Advisory.TryParse(Encoding.UTF8.GetBytes($$$"""{"id":"GHSA-1","database_specific":{"severity":"{{{word}}}"}}"""), out var advisory, out _));
        Assert.Equal((level, null), (advisory.Severity?.Level, advisory.Severity?.Score));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":"../../etc/passwd"}""")]
    [InlineData("""{"id":7}""")]
    [InlineData("""{"id":"GO-1","affected":{}}""")]
    [InlineData("""{"id":"GO-1","modified":"yesterday"}""")]
    [InlineData("""{"id":"GO-1","affected":[{"package":{"name":"\ud800"}}]}""")]
    public void TryParse_NoRecord_SaysSo(string json)
    {
        Assert.False(Advisory.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("""{"id":"GO-1","affected":[null,{},{"package":null},{"package":{"name":""}}],"aliases":[null],"severity":[null]}""")]
    [InlineData("""{"id":"GO-1","affected":[{"package":{"name":"example.com/m"},"ranges":[null,{"type":"SEMVER","events":[null,{}]}],"versions":[null],"ecosystem_specific":{"custom_ranges":[null]}}]}""")]
    public void TryParse_HolesInIt_AreNoHarm(string json)
    {
        Assert.True(Advisory.TryParse(Encoding.UTF8.GetBytes(json), out var advisory, out var error), error);
        Assert.Null(advisory.FirstFixedOrNull(Module, "v1.0.0"));
    }

    private static Advisory Parse(string ranges, string more = "")
    {
        var json = $$"""{"id":"GO-1","affected":[{"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":{{ranges}}{{more}}}]}""";
        Assert.True(Advisory.TryParse(Encoding.UTF8.GetBytes(json), out var advisory, out var error), error);
        return advisory;
    }
}
