using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Silos;

public sealed class SettingsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public SettingsTests() => File.WriteAllText(Secret, "a secret of one test cluster");

    private string Secret => _scratch["secret"];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("redis://127.0.0.1:6379")]
    [InlineData("redis://user:secret@one:6379,two:6379")]
    [InlineData("etcd://127.0.0.1:2379,127.0.0.2:2379")]
    [InlineData("azure://UseDevelopmentStorage=true")]
    public void Store_OfAKnownKind_IsTaken(string store) =>
        Assert.Empty(Mistakes(("Cluster:Store", store), ("Cluster:SecretFile", Secret)));

    [Theory]
    [InlineData("zookeeper://a:2181")]
    [InlineData("redis://")]
    [InlineData("127.0.0.1:6379")]
    public void Store_OfAnotherKind_IsRefusedInWords(string store) => Assert.Contains(
        "Cluster:Store: must be memory, etcd://a:2379,b:2379, redis://host:6379 or azure://CONNECTION-STRING",
        Mistakes(("Cluster:Store", store), ("Cluster:SecretFile", Secret)));

    [Fact]
    public void Store_BesideOrleansOwnSection_IsRefused() => Assert.Contains(
        "Cluster:Store: Orleans:Clustering names a store too; one of the two is enough",
        Mistakes(("Cluster:Store", "redis://a:6379"), ("Orleans:Clustering:ProviderType", "Redis"), ("Cluster:SecretFile", Secret)));

    [Theory]
    [InlineData("Cluster:Store", "redis://a:6379")]
    [InlineData("Orleans:Clustering:ProviderType", "Redis")]
    [InlineData("Silo:PrimaryPort", "11111")]
    public void Secret_MissingInACluster_IsRefused(string key, string value) => Assert.Contains(
        "Cluster:SecretFile: a cluster needs the secret that its members prove to each other", Mistakes((key, value)));

    [Theory]
    [InlineData("Cluster:Advertise", "http://10.0.0.1:8080")]
    [InlineData("Cluster:Advertise", "http://silo-1.example.com:8080")]
    [InlineData("Serve:Urls", "http://10.0.0.1:8080")]
    [InlineData("Orleans:Endpoints:AdvertisedIPAddress", "10.0.0.1")]
    public void Line_ToOtherMachinesWithoutProtection_IsRefusedAndBothWaysAreNamed(string key, string value)
    {
        var mistake = Assert.Single(Mistakes(("Cluster:Store", "redis://a:6379"), ("Cluster:SecretFile", Secret), (key, value)));

        Assert.StartsWith("Silo:Line: ", mistake, StringComparison.Ordinal);
        Assert.Contains("Silo:CertFile, Silo:KeyFile and Silo:CaFile", mistake, StringComparison.Ordinal);
        Assert.Contains("--silo-line trusted-network", mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cluster:Advertise", "http://127.0.0.1:8080")]
    [InlineData("Cluster:Advertise", "http://[::1]:8080")]
    [InlineData("Cluster:Advertise", "http://localhost:8080")]
    [InlineData("Serve:Urls", "http://127.0.0.1:8080")]
    [InlineData("Orleans:Endpoints:AdvertisedIPAddress", "127.0.0.1")]
    public void Line_OnThisMachineAlone_NeedsNoProtection(string key, string value) =>
        Assert.Empty(Mistakes(("Cluster:Store", "redis://a:6379"), ("Cluster:SecretFile", Secret), (key, value)));

    [Theory]
    [InlineData("Serve:Urls", "http://*:8080")]
    [InlineData("Serve:Urls", "http://0.0.0.0:8080;http://127.0.0.1:9090")]
    [InlineData("Cluster:InternalUrls", "http://[::]:8081")]
    public void Address_OfAMemberThatListensEverywhere_HasToBeSaid(string key, string value)
    {
        (string, string)[] settings = [("Cluster:Store", "redis://a:6379"), ("Cluster:SecretFile", Secret), (key, value)];

        Assert.StartsWith("Cluster:Advertise: this process listens on every address", Assert.Single(Mistakes(settings)), StringComparison.Ordinal);
        Assert.Empty(Mistakes([.. settings, ("Cluster:Advertise", value.Replace("[::]", "127.0.0.1").Split(';')[0].Replace("*", "127.0.0.1").Replace("0.0.0.0", "127.0.0.1"))]));
    }

    [Fact]
    public void Address_OfAProcessAlone_IsNobodysConcern() => Assert.Empty(Mistakes(("Serve:Urls", "http://*:8080")));

    [Fact]
    public void Line_OfATrustedNetwork_IsTaken() => Assert.Empty(Mistakes(
        ("Cluster:Store", "redis://a:6379"), ("Cluster:SecretFile", Secret), ("Cluster:Advertise", "http://10.0.0.1:8080"), ("Silo:Line", "trusted-network")));

    [Fact]
    public void Line_OfAProcessAlone_NeedsNoProtection() => Assert.Empty(Mistakes(("Cluster:Advertise", "http://10.0.0.1:8080")));

    [Fact]
    public void Line_TlsWithoutCertificates_IsRefused() => Assert.Equal(
        ["Silo:Line: tls needs Silo:CertFile, Silo:KeyFile and Silo:CaFile"],
        Mistakes(("Cluster:Store", "redis://a:6379"), ("Cluster:SecretFile", Secret), ("Silo:Line", "tls")));

    [Fact]
    public void Settings_None_AreAClusterOfOne() => Assert.Empty(Mistakes());

    [Fact]
    public void Certificates_OneOfThree_IsRefusedWithTheFileThatIsMissing() => Assert.Equal(
        ["Silo:CertFile: certificate, key and CA go together", "Silo:CertFile: /nowhere/cert.pem does not exist"],
        Mistakes(("Silo:CertFile", "/nowhere/cert.pem")));

    private static IReadOnlyList<string> Mistakes(params (string, string)[] values)
    {
        using var services = ProxyHost.BuildServices(SettingsInput.Of(values));
        return SettingsCheck.FindMistakes(services);
    }
}
