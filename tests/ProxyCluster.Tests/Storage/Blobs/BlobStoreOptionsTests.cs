using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Storage.Blobs;

public sealed class BlobStoreOptionsTests
{
    [Fact]
    public async Task Config_ConnectionAndSignature_AreMasked()
    {
        var variables = new Dictionary<string, string>
        {
            ["PROXYCLUSTER_STORAGE__BLOB__CONNECTIONSTRING"] = "AccountName=acct;AccountKey=aHVzaA==",
        };
        var connection = await CommandLineCall.RunAsync(variables, "config");
        var signature = await CommandLineCall.RunAsync(
            "config", "--set", "Storage:Blob:Endpoint=https://acct.example.org", "--set", "Storage:Blob:Sas=sv=1&sig=hush");

        Assert.Equal((0, 0), (connection.Status, signature.Status));
        Assert.Matches(@"(?m)^Storage:Blob:ConnectionString +\*\*\* +environment PROXYCLUSTER_STORAGE__BLOB__CONNECTIONSTRING$", connection.Out);
        Assert.DoesNotContain("aHVzaA", connection.Out, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^Storage:Blob:Sas +\*\*\* +flag --set$", signature.Out);
        Assert.Matches(@"(?m)^Storage:Blob:Endpoint +https://acct\.example\.org/? +flag --set$", signature.Out);
        Assert.DoesNotContain("hush", signature.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Storage:Blob:ConnectionString=AccountKey=hush", "Storage:Blob: ConnectionString is not a list of Name=Value;… with AccountName")]
    [InlineData("Storage:Blob:Sas=sig=hush", "Storage:Blob:Sas: needs Endpoint")]
    [InlineData("Storage:Blob:Endpoint=http://acct.example.org", "Storage:Blob: an Azure identity is only shown over https")]
    [InlineData("Storage:Blob:Endpoint=https://me:hush@acct.example.org", "Storage:Blob: the blob endpoint must be")]
    [InlineData("Storage:Blob:Container=Modules", "Storage:Blob:Container")]
    [InlineData("Storage:Blob:Prefix=/a", "Storage:Blob:Prefix")]
    [InlineData("Storage:Blob:WriteMode=never", "Storage:Blob:WriteMode")]
    [InlineData("Storage:Blob:BlockBytes=1KiB", "Storage:Blob:BlockBytes")]
    [InlineData("Storage:Blob:RetryPause=1m", "Storage:Blob:RetryPause: 00:01:00 is more than MaxRetryPause")]
    public async Task Config_WrongSetting_IsRefusedByItsNameWithoutSecrets(string setting, string expected)
    {
        var call = await CommandLineCall.RunAsync("config", "--set", setting);

        Assert.Equal(2, call.Status);
        var line = Assert.Single(call.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", call.Error + call.Out, StringComparison.Ordinal);
    }
}
