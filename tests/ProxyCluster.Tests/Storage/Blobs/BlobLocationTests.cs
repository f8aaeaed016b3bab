using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Tests.Storage.Blobs;

public sealed class BlobLocationTests
{
    private const string Key = "c2VjcmV0LWtleQ==";

    [Theory]
    [InlineData("AccountName=acct;AccountKey=" + Key, "https://acct.blob.core.windows.net/modules")]
    [InlineData("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=" + Key + ";EndpointSuffix=core.example.org;", "http://a.blob.core.example.org/modules")]
    [InlineData("BlobEndpoint=http://10.0.0.1:10000/dev/;AccountName=dev;AccountKey=" + Key, "http://10.0.0.1:10000/dev/modules")]
    [InlineData("usedevelopmentstorage=true", "http://127.0.0.1:10000/devstoreaccount1/modules")]
    [InlineData("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite-tokyo", "http://azurite-tokyo:10000/devstoreaccount1/modules")]
    public void Parse_ConnectionStringWithKey_NamesTheContainerAndNoSecret(string text, string container)
    {
        Assert.True(BlobLocation.TryParse(new BlobStoreOptions { ConnectionString = text }, out var location, out var error), error);
        Assert.Equal((container, container), (location.Container.AbsoluteUri, location.ToString()));
    }

    [Fact]
    public void Parse_ConnectionStringWithSignature_NamesTheContainerWithoutIt()
    {
        var options = new BlobStoreOptions
        {
            ConnectionString = "BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=?sv=2021-12-02&sig=abc%3D",
        };
        Assert.True(BlobLocation.TryParse(options, out var location, out _));
        Assert.Equal("https://acct.blob.core.windows.net/modules", location.ToString());
    }

    [Fact]
    public void Parse_EndpointAlone_NamesTheContainer()
    {
        var options = new BlobStoreOptions { Endpoint = new Uri("https://acct.blob.core.windows.net"), Container = "tokyo" };
        Assert.True(BlobLocation.TryParse(options, out var location, out _));
        Assert.Equal("https://acct.blob.core.windows.net/tokyo", location.Container.AbsoluteUri);
    }

    [Theory]
    [InlineData("nonsense", "not a list")]
    [InlineData("AccountName=a;AccountName=b;AccountKey=" + Key, "not a list")]
    [InlineData("AccountKey=" + Key, "with AccountName")]
    [InlineData("AccountName=a", "an AccountKey in base64")]
    [InlineData("AccountName=a;AccountKey=hush!", "an AccountKey in base64")]
    [InlineData("BlobEndpoint=https://h/?sig=hush;AccountName=a;AccountKey=" + Key, "without a query")]
    [InlineData("BlobEndpoint=ftp://h;AccountName=a;AccountKey=" + Key, "http(s)://")]
    [InlineData("BlobEndpoint=https://h;SharedAccessSignature=sv=hush", "with a sig=")]
    [InlineData("BlobEndpoint=https://h", "has no AccountKey")]
    [InlineData("BlobEndpoint=https://h/hush;AccountName=a;AccountKey=" + Key, "IPv4 address")] // another account would be asked
    public void Parse_WrongConnectionString_SaysWhatIsWrongAndNoSecret(string text, string expected)
    {
        Assert.False(BlobLocation.TryParse(new BlobStoreOptions { ConnectionString = text }, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", error, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_IdentityOverPlainHttp_IsRefused()
    {
        var options = new BlobStoreOptions { Endpoint = new Uri("http://acct.example.org") };
        Assert.False(BlobLocation.TryParse(options, out _, out var error));
        Assert.Contains("https", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TwoWaysAtOnce_IsRefused()
    {
        var options = new BlobStoreOptions { ConnectionString = "UseDevelopmentStorage=true", Endpoint = new Uri("https://h") };
        Assert.False(BlobLocation.TryParse(options, out _, out _));
    }
}
