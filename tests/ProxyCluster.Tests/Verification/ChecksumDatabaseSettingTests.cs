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
    [InlineData("", "is no checksum database: allowed are off")]
    [InlineData("sum.example.org", "has no known key: allowed are off")]
    [InlineData("off https://sum.golang.org", "has no known key: allowed are off")]
    [InlineData("a b c", "is no checksum database: allowed are off")]
    [InlineData("sum.golang.org ftp://mirror.test", "is not an absolute http or https URL")]
    [InlineData("sum.golang.org mirror.test", "is not an absolute http or https URL")]
    [InlineData("sum.golang.org https://mirror.test?x=1", "is not an absolute http or https URL")]
    [InlineData("sum.golang.org https://mirror.test#x", "is not an absolute http or https URL")]
    [InlineData("sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "key")]
    public void Parse_AnythingElse_SaysWhatIsWrongOrAllowed(string text, string why)
    {
        Assert.False(ChecksumDatabaseSetting.TryParse(text, out _, out var error));
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Equal(why.EndsWith("off", StringComparison.Ordinal), error.Contains("allowed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a//b")]
    [InlineData("a\\b")]
    public void Parse_NameThatIsNoHostAndPath_IsRefused(string name)
    {
        Assert.False(ChecksumDatabaseSetting.TryParse(VerifierKey.Create(name, new byte[32]).ToString(), out _, out var error));
        Assert.Contains($"name \"{name}\" is not a host name", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ManyMistakes_AreReportedTogether()
    {
        var result = new VerificationOptionsCheck().Validate(null, new VerificationOptions
        {
            SumDb = "nonsense",
            Mirrored = ["off", "sum.golang.org", "sum.nowhere.test"],
            NoSumDb = "a.test/[",
            Private = "b.test/[",
            FailOpen = "c.test/[",
        });
        string[] begins =
        [
            "Verification:SumDb: the checksum database \"nonsense\"",
            "Verification:Mirrored:0: \"off\" cannot be mirrored",
            "Verification:Mirrored:2: the checksum database \"sum.nowhere.test\"",
            "Verification:NoSumDb: \"a.test/[\" is not a pattern",
            "Verification:Private: \"b.test/[\" is not a pattern",
            "Verification:FailOpen: \"c.test/[\" is not a pattern",
        ];
        Assert.Equal(begins, result.Failures!.Zip(begins, static (failure, begin) => failure[..Math.Min(failure.Length, begin.Length)]));
        Assert.Equal(begins.Length, result.Failures!.Count());
    }

    [Fact]
    public void Check_WhatIsAllowed_Succeeds()
    {
        Assert.True(new VerificationOptionsCheck().Validate(null, new VerificationOptions()).Succeeded);
        Assert.True(new VerificationOptionsCheck().Validate(null, new VerificationOptions { SumDb = "off", Mirrored = [PublicKey] }).Succeeded);
    }
}
