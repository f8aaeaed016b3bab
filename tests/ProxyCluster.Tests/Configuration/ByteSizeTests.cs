using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("500MB", 500_000_000)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("2 TiB", 2L << 40)]
    [InlineData("64mi", 64L << 20)]
    [InlineData("10KB", 10_000)]
    [InlineData("7B", 7)]
    [InlineData("1024", 1024)]
    [InlineData("-1", -1)]
    public void TryParse_Size_GivesItsBytes(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("64M")] // 1000s or 1024s?
    [InlineData("MiB")]
    [InlineData("0.5")]
    [InlineData("much")]
    [InlineData("99999999TiB")]
    [InlineData("999999999999999999999999999999")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Fact]
    public void Format_AnySize_IsReadBack() =>
        Prop.ForAll(ArbMap.Default.ArbFor<long>(), bytes =>
            ByteSize.TryParse(ByteSize.Format(bytes), out var back) && back == bytes).QuickCheckThrowOnFailure();
}
