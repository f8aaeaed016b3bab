using ProxyCluster.GoModules.Notes;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

public class ChecksumDatabaseSettingTests
{
    private const string PublicKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    [Theory]
    [InlineData("sum.golang.org", "sum.golang.org", "https://sum.golang.org/")]
    [InlineData("sum.golang.google.cn", "sum.golang.org", "https://sum.golang.google.cn/")]
    [InlineData("sum.golang.org https://mirror.test/sumdb/", "sum.golang.org", "https://mirror.test/sumdb")]
    [InlineData(PublicKey, "sum.golang.org", "https://sum.golang.org/")]
    [InlineData("localhost.localdev/sumdb+00000c67+AcTrnkbUA+TU4heY3hkjiSES/DSQniBqIeQ/YppAUtK6", "localhost.localdev/sumdb", "https://localhost.localdev/sumdb")]
    [InlineData("localhost.localdev/sumdb+00000c67+AcTrnkbUA+TU4heY3hkjiSES/DSQniBqIeQ/YppAUtK6  http://127.0.0.1:99", "localhost.localdev/sumdb", "http://127.0.0.1:99/")]
    public void Parse_GosumdbSyntax_GivesKeyAndUrl(string text, string name, string url)
    {
        Assert.True(ChecksumDatabaseSetting.TryParse(text, out var setting, out var error), error);
        Assert.Equal(name, setting.Key?.Name);
        Assert.Equal(url, setting.Url?.AbsoluteUri);
    }

    [Fact]
    public void Parse_Off_PinsNothing()
    {
        Assert.True(ChecksumDatabaseSetting.TryParse("off", out var setting, out _));
        Assert.Null(setting.Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sum.example.org")]
    [InlineData("off https://sum.golang.org")]
    [InlineData("a b c")]
    [InlineData("sum.golang.org ftp://mirror.test")]
    [InlineData("sum.golang.org mirror.test")]
    [InlineData("sum.golang.org https://mirror.test?x=1")]
    [InlineData("sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")]
    public void Parse_AnythingElse_SaysWhatIsAllowed(string text)
    {
        Assert.False(ChecksumDatabaseSetting.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a//b")]
    [InlineData("a\\b")]
    public void Parse_NameThatIsNoHostAndPath_IsRefused(string name) =>
        Assert.False(ChecksumDatabaseSetting.TryParse(VerifierKey.Create(name, new byte[32]).ToString(), out _, out _));

    [Fact]
    public void Check_ManyMistakes_AreReportedTogether()
    {
        var result = new VerificationOptionsCheck().Validate(null, new VerificationOptions
        {
            SumDb = "nonsense",
            Mirrored = ["off", "sum.golang.org"],
            NoSumDb = "a.test/[",
            Private = "b.test/[",
        });
        Assert.Equal(4, result.Failures!.Count());
        Assert.All(result.Failures!, failure => Assert.StartsWith("Verification:", failure, StringComparison.Ordinal));
        Assert.True(new VerificationOptionsCheck().Validate(null, new VerificationOptions()).Succeeded);
    }
}
