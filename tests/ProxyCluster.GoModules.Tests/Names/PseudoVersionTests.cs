using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class PseudoVersionTests
{
    private static readonly DateTimeOffset Time = new(2018, 2, 8, 5, 12, 48, 999, TimeSpan.FromHours(1));

    [Theory]
    [InlineData("v2", null, "v2.0.0-20180208041248-4e4a3210bb54")]
    [InlineData(null, null, "v0.0.0-20180208041248-4e4a3210bb54")]
    [InlineData("v1", "v1.2.3", "v1.2.4-0.20180208041248-4e4a3210bb54")]
    [InlineData("v1", "v1.2.99999999999999999999", "v1.2.100000000000000000000-0.20180208041248-4e4a3210bb54")]
    [InlineData("v1", "v1.2.3-pre", "v1.2.3-pre.0.20180208041248-4e4a3210bb54")]
    [InlineData("v1", "v1.2.3-pre.1+meta", "v1.2.3-pre.1.0.20180208041248-4e4a3210bb54+meta")]
    [InlineData("v2", "v2.0.9+incompatible", "v2.0.10-0.20180208041248-4e4a3210bb54+incompatible")]
    [InlineData("v0", "v0.3.0", "v0.3.1-0.20180208041248-4e4a3210bb54")]
    public void Create_Base_RoundTrips(string? major, string? baseOrNull, string expected)
    {
        var text = PseudoVersion.Create(major, baseOrNull, Time, "4e4a3210bb54");
        Assert.Equal(expected, text);
        Assert.True(PseudoVersion.IsPseudo(text));
        Assert.True(PseudoVersion.TryParse(text, out var pseudo, out var error), error);
        Assert.Equal((baseOrNull, "4e4a3210bb54"), (pseudo.BaseOrNull, pseudo.Revision));
        Assert.Equal(new DateTimeOffset(2018, 2, 8, 4, 12, 48, TimeSpan.Zero), pseudo.Time);
        Assert.Equal(TimeSpan.Zero, pseudo.Time.Offset);
        Assert.True(baseOrNull is null || Semver.Compare(baseOrNull, text) < 0);
    }

    [Theory]
    [InlineData("v1.2.3")]
    [InlineData("v1.2.3-pre")]
    [InlineData("v1.2.3-20180208041248-4e4a3210bb54")]
    [InlineData("v0.1.0-20180208041248-4e4a3210bb54")]
    [InlineData("v0.0.0-2018020804124-4e4a3210bb54")]
    [InlineData("v0.0.0-120180208041248-4e4a3210bb54")]
    [InlineData("v0.0.0-20180208041248")]
    [InlineData("v0.0.0-20180208041248-")]
    [InlineData("v0.0.0-20180208041248-a.b")]
    [InlineData("v1.2.4-1.20180208041248-abc")]
    [InlineData("v1.2.4-pre.20180208041248-abc")]
    [InlineData("v1.2.4-x0.20180208041248-abc")]
    [InlineData("0.0.0-20180208041248-4e4a3210bb54")]
    [InlineData("")]
    public void IsPseudo_OtherVersion_IsFalse(string version)
    {
        Assert.False(PseudoVersion.IsPseudo(version));
        Assert.False(PseudoVersion.TryParse(version, out _, out _));
    }

    [Theory]
    [InlineData("v0.1.0-0.20180208041248-4e4a3210bb54")]
    [InlineData("v0.0.0-20180208041248-4e4a3210bb54+incompatible")]
    [InlineData("v0.0.0-20181308041248-4e4a3210bb54")]
    [InlineData("v0.0.0-20180230041248-4e4a3210bb54")]
    [InlineData("v0.0.0-20180208041260-4e4a3210bb54")]
    public void TryParse_ShapeWithoutMeaning_SaysWhy(string version)
    {
        Assert.True(PseudoVersion.IsPseudo(version));
        Assert.False(PseudoVersion.TryParse(version, out _, out var error));
        Assert.StartsWith("pseudo-version", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_PatchWithTrailingZeros_BorrowsThrough()
    {
        Assert.True(PseudoVersion.TryParse("v1.2.1000-0.20180208041248-abc", out var pseudo, out _));
        Assert.Equal("v1.2.999", pseudo.BaseOrNull);
    }

    [Theory]
    [InlineData("v1", null, "")]
    [InlineData("v1", null, "a-b")]
    [InlineData("1", null, "abc")]
    [InlineData("v1.0", null, "abc")]
    [InlineData("v1", "nonsense", "abc")]
    public void Create_PartThatCannotStand_Throws(string major, string? baseOrNull, string revision) =>
        Assert.Throws<ArgumentException>(() => PseudoVersion.Create(major, baseOrNull, Time, revision));
}
