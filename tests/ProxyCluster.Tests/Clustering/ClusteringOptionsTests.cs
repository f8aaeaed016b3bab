using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;

namespace ProxyCluster.Tests.Clustering;

public sealed class ClusteringOptionsTests
{
    private static readonly Dictionary<string, string?> Right = new()
    {
        ["Cluster:Advertise"] = "http://127.0.0.1:8080",
        ["Cluster:SecretFile"] = "secret",
    };

    [Fact]
    public async Task Options_Nothing_AreOrleansAlone()
    {
        await using var services = Services([]);

        var options = services.GetRequiredService<IOptions<ClusteringOptions>>().Value;
        Assert.Equal(("orleans", "", "default", "local", Role.All), (options.Engine, options.Store, options.Name, options.Region, options.Role));
    }

    [Theory]
    [InlineData("Cluster:Engine", "raft", "Cluster:Engine")]
    [InlineData("Cluster:Engine", "etcd", "Cluster:Engine")]
    [InlineData("Cluster:Name", "a/b", "Cluster:Name")]
    [InlineData("Cluster:Region", "To kyo", "Cluster:Region")]
    [InlineData("Cluster:Advertise", "http://host:1/path", "Cluster:Advertise")]
    public void Options_OneMistake_IsRefusedByName(string key, string? value, string expected)
    {
        using var services = Services(new(Right) { [key] = value });

        var refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<ClusteringOptions>>().Value);

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "http://0.0.0.0:8080", "http://127.0.0.1:8080/")]
    [InlineData(null, "http://[::]:8080", "http://127.0.0.1:8080/")]
    [InlineData(null, "http://+:80", "http://127.0.0.1/")]
    [InlineData(null, "https://127.0.0.5:8443", "https://127.0.0.5:8443/")]
    [InlineData("http://silo1:9", "http://0.0.0.0:8080", "http://silo1:9/")]
    public void SelfOf_Addresses_AdvertisesTheReachableOne(string? advertise, string listening, string expected)
    {
        var options = new ClusteringOptions { Region = "tokyo", Advertise = advertise is null ? null : new Uri(advertise) };

        var self = ClusterMembership.SelfOf(options, [listening]);

        Assert.Equal(expected, self.Address.AbsoluteUri);
        Assert.StartsWith("tokyo-", self.Id, StringComparison.Ordinal);
        Assert.NotEqual(self.Id, ClusterMembership.SelfOf(options, [listening]).Id);
    }

    [Fact]
    public async Task Membership_HostStartsAndStops_JoinsAndLeaves()
    {
        var cluster = new LocalCluster();
        await using var other = new LocalEngine(cluster, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<LocalEngine>.Instance);
        await other.JoinAsync(EngineSite.MemberOf("other"), TestContext.Current.CancellationToken);
        await using var services = Services([], s => s.AddSingleton(cluster).AddSingleton<IEngine>(static p => p.GetRequiredService<LocalEngine>()).AddSingleton<IServer, NoServer>());
        var membership = Assert.IsType<ClusterMembership>(Assert.Single(services.GetServices<IHostedService>(), static s => s is ClusterMembership));

        await membership.StartedAsync(TestContext.Current.CancellationToken);
        var self = services.GetRequiredService<IEngine>().Self!;
        Assert.Contains(self, other.View.Members);
        await membership.StoppingAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain(self, other.View.Members);
    }

    private static ServiceProvider Services(Dictionary<string, string?> settings, Action<IServiceCollection>? more = null)
    {
        // A null stands for a setting that is not there.
        var present = settings.Where(static setting => setting.Value is not null);
        var services = new ServiceCollection().AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(present).Build());
        more?.Invoke(services);
        return services.AddClustering().BuildServiceProvider();
    }

    private sealed class NoServer : IServer
    {
        public NoServer() => Features.Set<IServerAddressesFeature>(new ServerAddressesFeature());

        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
