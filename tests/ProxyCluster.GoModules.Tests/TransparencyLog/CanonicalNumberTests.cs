using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.TransparencyLog;

public sealed class CanonicalNumberTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("255", 255)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void TryParse_OneSpelling_IsTheNumber(string text, long number)
    {
        Assert.True(CanonicalNumber.TryParse(text, out var parsed));
        Assert.Equal(number, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("1\n")]
    [InlineData("1\0")]
    [InlineData("\u0661")]
    [InlineData("9223372036854775808")]
    public void TryParse_AnotherSpelling_IsNone(string text) => Assert.False(CanonicalNumber.TryParse(text, out _));
}
