using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using ProxyCluster.Etcd;

namespace ProxyCluster.Tests.Etcd;

/// <summary>What a silo's configuration becomes, and which of it is refused.</summary>
public sealed class EtcdOptionsTests
{
    [Fact]
    public void Section_EveryKey_IsRead()
    {
        var options = Read(
            ("Endpoints", " http://a:2379 ,https://b:2379,"), ("KeyPrefix", "ours"), ("User", "u"), ("Password", "p"), ("CaFile", "ca"),
            ("CertFile", "cert"), ("KeyFile", "key"), ("CallTimeout", "00:00:03"));

        Assert.Equal([new Uri("http://a:2379"), new Uri("https://b:2379")], options.Endpoints);
        Assert.Equal(
            ("ours", "u", "p", "ca", "cert", "key", TimeSpan.FromSeconds(3)),
            (options.KeyPrefix, options.User, options.Password, options.CaFile, options.CertFile, options.KeyFile, options.CallTimeout));
    }

    [Fact]
    public void Section_EndpointsAlone_LeavesDefaults()
    {
        var options = Read(("Endpoints:0", "http://a:2379"), ("Endpoints:1", "http://b:2379"));

        Assert.Equal([new Uri("http://a:2379"), new Uri("http://b:2379")], options.Endpoints);
        Assert.Equal(("/orleans", TimeSpan.FromSeconds(1)), (options.KeyPrefix, options.CallTimeout));
        Assert.True(Validate(options).Succeeded);
    }

    [Theory]
    [InlineData("Endpoints", "", "needs at least one")]
    [InlineData("Endpoints", "ftp://a", "ftp://a must be")]
    [InlineData("Endpoints", "http://a:2379/path", "scheme, host and port only")]
    [InlineData("Endpoints", "http://me:secret@a:2379", "http://a:2379 must be")]
    [InlineData("KeyPrefix", "/orleans/", "end with a slash")]
    [InlineData("KeyPrefix", "", "KeyPrefix")]
    [InlineData("User", "u", "go together")]
    [InlineData("CallTimeout", "00:00:00.099", "CallTimeout")]
    [InlineData("CallTimeout", "00:00:31", "CallTimeout")]
    [InlineData("CaFile", "/no/such/file", "/no/such/file does not exist")]
    public void Validate_OneMistake_IsTold(string key, string value, string told)
    {
        var settings = new Dictionary<string, string> { ["Endpoints"] = "http://a:2379", [key] = value };

        var result = Validate(Read([.. settings.Select(static one => (one.Key, one.Value))]));

        Assert.Contains(told, Assert.Single(result.Failures!), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SeveralMistakes_AreToldAtOnce() =>
        Assert.Equal(4, Validate(Read(("Password", "p"), ("CertFile", "/no/such/file"))).Failures!.Count());

    [Theory]
    [InlineData("a:2379", "s:Endpoints: a:2379 is no URL")]
    [InlineData("http://me:secret@", "s:Endpoints:  is no URL")]
    public void Section_EndpointIsNoUrl_IsTold(string endpoint, string told)
    {
        var e = Assert.Throws<OrleansConfigurationException>(() => Read(("Endpoints", "http://b:2379," + endpoint)));

        Assert.StartsWith(told, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Silo_BadOptions_DoesNotGetItsTable()
    {
        using var silo = Silo(static silo => silo.UseEtcdClustering(static options => options.Endpoints.Add(new Uri("ftp://a"))));

        var e = Assert.Throws<OptionsValidationException>(silo.Services.GetRequiredService<IMembershipTable>);

        Assert.Contains("ftp://a must be", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Silo_BothByCode_EachHasItsOptions()
    {
        using var silo = Silo(static silo => silo
            .UseEtcdClustering(static options => options.Endpoints.Add(new Uri("http://a")))
            .AddEtcdGrainStorage("states", static options => options.Endpoints.Add(new Uri("http://b"))));
        var options = silo.Services.GetRequiredService<IOptionsMonitor<EtcdOptions>>();

        Assert.Equal(new Uri("http://a"), Assert.Single(options.CurrentValue.Endpoints));
        Assert.Equal(new Uri("http://b"), Assert.Single(options.Get("states").Endpoints));
        Assert.IsType<EtcdMembershipTable>(silo.Services.GetRequiredService<IMembershipTable>());
        Assert.IsType<EtcdGrainStorage>(silo.Services.GetRequiredKeyedService<Orleans.Storage.IGrainStorage>("states"));
    }

    private static IHost Silo(Action<ISiloBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(configure);
        return builder.Build();
    }

    private static EtcdOptions Read(params (string Key, string Value)[] settings)
    {
        var options = new EtcdOptions();
        var root = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(static one => KeyValuePair.Create("s:" + one.Key, (string?)one.Value)))
            .Build();
        EtcdSection.Read(root.GetSection("s"), options);
        return options;
    }

    private static ValidateOptionsResult Validate(EtcdOptions options) => new EtcdOptionsValidation().Validate(null, options);
}
