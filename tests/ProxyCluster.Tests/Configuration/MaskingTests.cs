using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

public sealed class MaskingTests
{
    [Theory]
    [InlineData("https://user:pass@host/x", "https://***@host/x")]
    [InlineData("https://a.example,https://user:p@ss,w@host|off", "https://a.example,https://***@host|off")]
    [InlineData("https://token@host", "https://***@host")]
    [InlineData("https://host/path@v1", "https://host/path@v1")]
    [InlineData("https://host/c?sv=1&sig=abc%2F&se=2", "https://host/c?sv=1&sig=***&se=2")]
    [InlineData("sum.golang.org", "sum.golang.org")]
    public void Text_UrlWithSecrets_KeepsOnlyTheRest(string text, string expected) => Assert.Equal(expected, Masking.Text(text));

    [Fact]
    public void Secret_Empty_ShowsThatItIsNotSet()
    {
        Assert.Equal("", Masking.Secret(""));
        Assert.Equal("***", Masking.Secret("x"));
    }
}
