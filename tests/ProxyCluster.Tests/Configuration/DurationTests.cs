using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

public sealed class DurationTests
{
    [Theory]
    [InlineData("10s", 10_000)]
    [InlineData("500ms", 500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("7d", 604_800_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("-1s", -1_000)]
    [InlineData("00:00:10", 10_000)]
    [InlineData("1.02:03:04.5", 93_784_500)]
    public void TryParse_Duration_GivesItsMilliseconds(string text, long milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")] // .NET alone would read ten days
    [InlineData("abc")]
    [InlineData("10 s")]
    [InlineData("10sec")]
    [InlineData("s")]
    [InlineData("-")]
    [InlineData("1.2.3s")]
    [InlineData("10:00")]
    [InlineData("99999999999999d")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public void Format_AnyWholeMilliseconds_IsReadBack() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), milliseconds =>
        {
            var value = TimeSpan.FromMilliseconds(milliseconds);
            return Duration.TryParse(Duration.Format(value), out var back) && back == value;
        }).QuickCheckThrowOnFailure();
}
