using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class SemverTests
{
    // Ascending; every neighbour is strictly less.
    private static readonly string[] Ascending =
    [
        "bad", "v0.0.0-0", "v0.0.0-a", "v0.0.0", "v0.0.1", "v0.1.0",
        "v1.0.0-0", "v1.0.0-1", "v1.0.0-9", "v1.0.0-10", "v1.0.0-99999999999999999999", "v1.0.0-100000000000000000000",
        "v1.0.0--", "v1.0.0-A", "v1.0.0-a", "v1.0.0-alpha", "v1.0.0-alpha.1", "v1.0.0-alpha.1.0", "v1.0.0-alpha.beta",
        "v1.0.0-alpha-1", "v1.0.0-beta", "v1.0.0-beta.2", "v1.0.0-beta.11", "v1.0.0-rc.1",
        "v1.0.0", "v1.2.0", "v1.2.3", "v1.10.0", "v1.99999999999999999999.0", "v1.100000000000000000000.0", "v2.0.0", "v10.0.0",
    ];

    [Fact]
    public void Compare_OrderTable_AgreesBothWays()
    {
        for (var i = 0; i < Ascending.Length; i++)
        {
            for (var j = 0; j < Ascending.Length; j++)
                Assert.Equal(i.CompareTo(j), Math.Sign(Semver.Compare(Ascending[i], Ascending[j])));
        }
    }

    [Fact]
    public void Order_ShuffledTable_SortsBack()
    {
        var shuffled = Ascending.OrderBy(static v => v.Length).ThenByDescending(static v => v, StringComparer.Ordinal).ToList();
        shuffled.Sort(Semver.Order);
        Assert.Equal(Ascending, shuffled);
    }

    [Fact]
    public void Order_EqualPrecedence_FallsBackToText()
    {
        Assert.Equal(0, Semver.Compare("v1.0.0+a", "v1.0.0+b"));
        Assert.True(Semver.Order.Compare("v1.0.0+a", "v1.0.0+b") < 0);
        Assert.Equal(0, Semver.Compare("v1", "v1.0.0"));
        Assert.True(Semver.Order.Compare("v1", "v1.0.0") < 0);
    }

    [Theory]
    [InlineData("v1", "v1.0.0", "v1", "v1.0", "", "")]
    [InlineData("v1.2", "v1.2.0", "v1", "v1.2", "", "")]
    [InlineData("v1.2.3", "v1.2.3", "v1", "v1.2", "", "")]
    [InlineData("v1.2.3-pre.1", "v1.2.3-pre.1", "v1", "v1.2", "-pre.1", "")]
    [InlineData("v1.2.3-pre+meta", "v1.2.3-pre", "v1", "v1.2", "-pre", "+meta")]
    [InlineData("v1.2.3+meta-pre.sha.256a", "v1.2.3", "v1", "v1.2", "", "+meta-pre.sha.256a")]
    [InlineData("v2.0.0+incompatible", "v2.0.0+incompatible", "v2", "v2.0", "", "+incompatible")]
    [InlineData("v2.0.0-x+incompatible", "v2.0.0-x+incompatible", "v2", "v2.0", "-x", "+incompatible")]
    [InlineData("v2.0.0+incompatible.1", "v2.0.0", "v2", "v2.0", "", "+incompatible.1")]
    [InlineData("v1.0.0+01", "v1.0.0", "v1", "v1.0", "", "+01")]
    [InlineData("v1.0.0-0a.-", "v1.0.0-0a.-", "v1", "v1.0", "-0a.-", "")]
    [InlineData("v1.0.0--1", "v1.0.0--1", "v1", "v1.0", "--1", "")]
    public void Parts_ValidVersion_AreCut(
        string version, string canonical, string major, string majorMinor, string prerelease, string build)
    {
        Assert.True(Semver.IsValid(version));
        Assert.Equal(canonical, Semver.CanonicalOrNull(version));
        Assert.Equal(canonical == version, Semver.IsCanonical(version));
        Assert.Equal(major, Semver.Major(version));
        Assert.Equal(majorMinor, Semver.MajorMinor(version));
        Assert.Equal(prerelease, Semver.Prerelease(version));
        Assert.Equal(build, Semver.Build(version));
    }

    [Theory]
    [InlineData("")]
    [InlineData("v")]
    [InlineData("1.2.3")]
    [InlineData("V1.2.3")]
    [InlineData("v1.")]
    [InlineData("v1.2.")]
    [InlineData("v1.2.3.")]
    [InlineData("v1.2.3.4")]
    [InlineData("v01.2.3")]
    [InlineData("v1.02.3")]
    [InlineData("v1.2.03")]
    [InlineData("v1-pre")]
    [InlineData("v1.2-pre")]
    [InlineData("v1+meta")]
    [InlineData("v1.2.3-")]
    [InlineData("v1.2.3-01")]
    [InlineData("v1.2.3-a..b")]
    [InlineData("v1.2.3-a_b")]
    [InlineData("v1.2.3-é")]
    [InlineData("v1.2.3+")]
    [InlineData("v1.2.3+a+b")]
    [InlineData("v1.2.3-pre+")]
    [InlineData("v1.2.3 ")]
    [InlineData("v-1.2.3")]
    public void Parts_InvalidVersion_AreEmpty(string version)
    {
        Assert.False(Semver.IsValid(version));
        Assert.False(Semver.IsCanonical(version));
        Assert.Null(Semver.CanonicalOrNull(version));
        Assert.Equal("", Semver.Major(version));
        Assert.Equal("", Semver.MajorMinor(version));
        Assert.Equal("", Semver.Prerelease(version));
        Assert.Equal("", Semver.Build(version));
    }

    [Fact]
    public void Max_TakesTheHigher()
    {
        Assert.Equal("v1.10.0", Semver.Max("v1.9.0", "v1.10.0"));
        Assert.Equal("v1.10.0", Semver.Max("v1.10.0", "bad"));
        Assert.Equal("v1", Semver.Max("v1", "v1.0.0"));
    }
}
