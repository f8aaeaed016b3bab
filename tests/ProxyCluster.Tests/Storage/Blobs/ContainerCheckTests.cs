using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.TestKit.Azurite;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>What an operator is told about a container, by a real Azurite.</summary>
[Trait("Needs", "azurite")]
[Collection(AzuriteCollection.Name)]
public sealed class ContainerCheckTests(AzuriteFixture fixture) : IAsyncLifetime
{
    private BlobSite _site = null!;

    public ValueTask InitializeAsync()
    {
        _site = new BlobSite(fixture.Azurite);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Check_NoContainerAndNotOursToCreate_SaysWhichAndWhatToDo()
    {
        var options = _site.Options();
        options.CreateContainer = false;

        var check = await CheckAsync(options);

        Assert.Equal(ContainerState.Missing, check.State);
        Assert.Equal(
            $"Storage:Blob:Container = \"{_site.Container}\": {fixture.Azurite.Endpoint}/{_site.Container} does not exist "
                + "(404 ContainerNotFound); create it, or set Storage:Blob:CreateContainer=true",
            check.Sentence);
    }

    [Fact]
    public async Task Check_TwiceWithCreateContainer_IsReadyBothTimes()
    {
        Assert.Equal(ContainerState.Ready, (await CheckAsync(_site.Options())).State);
        Assert.Equal(ContainerState.Ready, (await CheckAsync(_site.Options())).State);
    }

    [Fact]
    public async Task Check_WrongKey_SaysWhichSettingAndNotItsValue()
    {
        var key = Convert.ToBase64String(new byte[64]);
        var check = await CheckAsync(_site.Options(key: key));

        Assert.Equal(ContainerState.Refused, check.State);
        Assert.Contains("403", check.Sentence, StringComparison.Ordinal);
        Assert.Contains("check Storage:Blob:ConnectionString", check.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(key, check.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', check.Sentence);
    }

    [Theory]
    [InlineData("rwdlc", ContainerState.Ready)]
    [InlineData("rl", ContainerState.Refused)] // may not write
    public async Task Check_SharedAccessSignature_IsUsedWithTheRightsItHas(string permissions, object expected)
    {
        await CheckAsync(_site.Options());
        var sas = AccountSas(permissions);

        var check = await CheckAsync(WithSas(sas));

        Assert.True(Equals(expected, check.State), check.Sentence);
        Assert.DoesNotContain("sig=", check.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_NobodyListens_IsNoReasonToGiveUp()
    {
        await using var relay = new CuttingRelay(1);
        relay.StopListening();
        var check = await CheckAsync(_site.Options(AzuriteProcess.EndpointAt(relay.Port)));

        Assert.Equal(ContainerState.Unreachable, check.State);
    }

    [Fact]
    public async Task Check_StoreThatHangs_EndsAtItsLimit()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start(); // the kernel accepts, and nobody ever answers
        var options = _site.Options(AzuriteProcess.EndpointAt(((System.Net.IPEndPoint)silent.LocalEndpoint).Port));
        options.NetworkTimeout = TimeSpan.FromMilliseconds(200);

        var check = await CheckAsync(options);

        Assert.Equal(ContainerState.Unreachable, check.State);
    }

    private BlobStoreOptions WithSas(string sas)
    {
        var options = _site.Options();
        options.ConnectionString = "";
        options.Endpoint = new Uri(fixture.Azurite.Endpoint);
        options.Sas = sas;
        return options;
    }

    private Task<ContainerCheck> CheckAsync(BlobStoreOptions options) => ContainerCheck.RunAsync(
        _site.OpenStore(options), options, TimeProvider.System, TestContext.Current.CancellationToken);

    // Microsoft Learn, "Create an account SAS", version 2020-12-06 and later.
    private static string AccountSas(string permissions)
    {
        var end = DateTimeOffset.UtcNow.AddHours(1).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var text = string.Join('\n', AzuriteProcess.Account, permissions, "b", "co", "", end, "", "http,https", "2021-12-02", "", "");
        var signature = HMACSHA256.HashData(Convert.FromBase64String(AzuriteProcess.Key), Encoding.UTF8.GetBytes(text));
        return $"?sv=2021-12-02&ss=b&srt=co&sp={permissions}&se={Uri.EscapeDataString(end)}&spr=http,https"
            + $"&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}";
    }
}
