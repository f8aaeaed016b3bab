using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class ModulePathPatternsTests
{
    private static readonly ModulePath Quote = ModulePath.Parse("rsc.io/quote");

    [Theory]
    [InlineData("*/quote", "*/quote")]
    [InlineData("*/quo", null)]
    [InlineData("*quo*", null)]
    [InlineData("rsc.io", "rsc.io")]
    [InlineData("rsc", null)]
    [InlineData("rsc*", "rsc*")]
    [InlineData("rsc.io/", "rsc.io")]
    [InlineData("rsc.io//", null)]
    [InlineData("*/*/*", null)]
    [InlineData(",,*/quote", "*/quote")]
    [InlineData("x.org,rsc.io/*,rsc.io", "rsc.io/*")]
    [InlineData("none", null)]
    [InlineData("rsc?io", "rsc?io")]
    [InlineData("rsc.io?quote", null)]
    [InlineData("[a-s]sc.io", "[a-s]sc.io")]
    [InlineData("[^a-s]sc.io", null)]
    [InlineData("[^x]sc.io", "[^x]sc.io")]
    [InlineData(@"\rsc.io", @"\rsc.io")]
    [InlineData(@"rsc\*", null)]
    [InlineData(@"rsc[\.]io", @"rsc[\.]io")]
    [InlineData("*/q*o*e", "*/q*o*e")]
    [InlineData("r*c*/q*z*", null)]
    [InlineData("*", "*")]
    [InlineData("", null)]
    public void MatchOrNull_Pattern_FollowsGo(string patterns, string? matched) =>
        Assert.Equal(matched, ModulePathPatterns.Parse(patterns).MatchOrNull(Quote));

    [Theory]
    [InlineData("[")]
    [InlineData("rsc[")]
    [InlineData("rsc[]")]
    [InlineData("rsc[a")]
    [InlineData("rsc[a-")]
    [InlineData("rsc[a-]")]
    [InlineData("rsc[-a]")]
    [InlineData("rsc[]a]")]
    [InlineData("rsc\\")]
    [InlineData("rsc*[")]
    public void InvalidPatterns_MalformedGlob_IsNamedAndMatchesNothing(string pattern)
    {
        var patterns = ModulePathPatterns.Parse($"{pattern},*/quote");
        Assert.Equal([pattern], patterns.InvalidPatterns);
        Assert.Equal("*/quote", patterns.MatchOrNull(Quote));
        Assert.Null(ModulePathPatterns.Parse(pattern).MatchOrNull(Quote));
    }

    [Fact]
    public void MatchOrNull_DefaultPath_IsHarmless() => Assert.Null(ModulePathPatterns.Parse("a/b,x?").MatchOrNull(default(ModulePath)));

    [Fact]
    public void Parse_Null_MatchesNothing() => Assert.Same(ModulePathPatterns.None, ModulePathPatterns.Parse(null));
}
