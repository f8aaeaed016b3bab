using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Orleans.Hosting;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Orleans.Tests.Engine;

public sealed class SettingsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public SettingsTests() => File.WriteAllText(Secret, "a secret of one test cluster");

    private string Secret => _scratch["secret"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Settings_Right_AreTaken() => Assert.Empty(Mistakes(
        ("Cluster:Engine", "orleans"), ("Cluster:SecretFile", Secret), ("Orleans:Clustering:ProviderType", "Redis")));

    [Fact]
    public void Engine_OfTheOtherHost_IsRefusedInWords() => Assert.Contains(
        "Cluster:Engine: this host has the engine orleans alone; etcd is an engine of proxycluster (this process)",
        Mistakes(("Cluster:Engine", "etcd"), ("Cluster:SecretFile", Secret)));

    [Fact]
    public void Secret_Missing_IsRefused() => Assert.Equal(
        ["Cluster:SecretFile: engine orleans needs the secret that members prove to each other"], Mistakes());

    [Fact]
    public void Certificates_OneOfThree_IsRefusedWithTheFileThatIsMissing() => Assert.Equal(
        ["Silo:CertFile: certificate, key and CA go together", "Silo:CertFile: /nowhere/cert.pem does not exist"],
        Mistakes(("Cluster:SecretFile", Secret), ("Silo:CertFile", "/nowhere/cert.pem")));

    private static IReadOnlyList<string> Mistakes(params (string, string)[] values)
    {
        using var services = ProxyHost.BuildServices(SettingsInput.Of(values), first: static services => services.AddOrleansEngine());
        return SettingsCheck.FindMistakes(services);
    }
}
