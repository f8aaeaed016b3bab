using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.Fetching;
using ProxyCluster.Repositories;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Tests.Repositories;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Fetching;

public sealed class UpstreamsOptionsTests
{
    [Theory]
    [InlineData("List", "bogus")]
    [InlineData("List", "")]
    [InlineData("List", "https://a.example,ftp://b.example")]
    [InlineData("ProbeTimeout", "00:00:00")]
    [InlineData("ConnectTimeout", "00:00:00")]
    [InlineData("FirstByteTimeout", "01:00:00")]
    [InlineData("IdleTimeout", "00:00:00.050")]
    [InlineData("SlowStart", "-00:00:01")]
    [InlineData("TotalTimeout", "02:00:00")]
    [InlineData("ZipTotalTimeout", "2.00:00:00")]
    [InlineData("MinBytesPerSecond", "0")]
    [InlineData("MaxZipBytes", "524288001")]
    [InlineData("MaxModBytes", "0")]
    [InlineData("MaxInfoBytes", "0")]
    [InlineData("MaxListBytes", "0")]
    [InlineData("Retries", "11")]
    [InlineData("Backoff", "-00:00:01")]
    [InlineData("MaxBackoff", "00:00:00.001")]
    [InlineData("MaxRetryAfter", "01:00:00")]
    [InlineData("BreakerThreshold", "0")]
    [InlineData("BreakerPause", "00:00:00")]
    [InlineData("MaxBreakerPause", "00:00:01")]
    [InlineData("MaxConcurrentRequests", "0")]
    [InlineData("QueueTimeout", "00:00:00")]
    [InlineData("ConnectionLifetime", "00:00:00.5")]
    public void Options_OutOfRange_AreRefusedByName(string key, string value)
    {
        var thrown = Assert.Throws<OptionsValidationException>(() => Bind((key, value)));
        Assert.Contains(key.Split(':')[0], thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://other.example", "", "", "Modules:0:Upstream")]
    [InlineData("https://me:hunter2@other.example", "", "", "Modules:0:Upstream")]
    [InlineData("", "corp.example", "", "Modules:0:Upstream")]
    [InlineData("https://a.example", "[", "", "Modules:0:Include")]
    [InlineData("https://a.example", "", "x,[a-", "Modules:0:Exclude")]
    public void Options_WithModulesThatMeanNothing_AreRefused(string upstream, string include, string exclude, string key)
    {
        var thrown = Assert.Throws<OptionsValidationException>(() => Bind(
            ("List", "https://a.example"), ("Modules:0:Upstream", upstream), ("Modules:0:Include", include), ("Modules:0:Exclude", exclude)));
        Assert.Contains(key, thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_WithTwoSetsOfModulesForOneUpstream_AreRefused() => Assert.Contains("twice", Assert.Throws<OptionsValidationException>(() => Bind(
        ("List", "https://a.example"), ("Modules:0:Upstream", "a.example"), ("Modules:1:Upstream", "https://a.example/"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Options_WithCredentialsForPlainHttp_AreRefused()
    {
        var thrown = Assert.Throws<OptionsValidationException>(() =>
            Bind(("List", "http://a.example"), ("Credentials:Rules:0:Match", "*.example"), ("Credentials:Rules:0:Token", "hunter2")));
        Assert.Contains("plain http", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_WithAHelperForAllHosts_BearPlainHttp() =>
        Assert.Equal("http://a.example", Bind(("List", "http://a.example"), ("Credentials:Rules:0:Match", "*"), ("Credentials:Rules:0:Helper", "store")).List);

    [Fact]
    public void Options_BoundFromConfiguration_BuildAChain()
    {
        using var services = Services(("List", "a.example|file:///srv,direct"), ("Retries", "0"));
        Assert.Equal(["https://a.example", "file:///srv", "direct"], services.GetRequiredService<UpstreamChain>().Statuses.Select(s => s.Name));
    }

    [Fact]
    public void Options_AsTheyAre_AreValid() => Assert.Equal("https://proxy.golang.org", Bind().List);

    private static UpstreamsOptions Bind(params (string Key, string Value)[] settings)
    {
        using var services = Services(settings);
        return services.GetRequiredService<IOptions<UpstreamsOptions>>().Value;
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(s => KeyValuePair.Create<string, string?>(s.Key.StartsWith("Credentials:", StringComparison.Ordinal) ? s.Key : $"Upstreams:{s.Key}", s.Value))).Build())
        .AddMetrics().AddLogging().AddSingleton<ProxyMetrics>().AddSingleton(new LoginDirectory("", TimeProvider.System)).AddSingleton<IHostApplicationLifetime, ApplicationLifetime>().AddSingleton<IRegionMirrors, ScriptedMirrors>()
        .AddStorage().AddVerification().AddCredentials().AddRepositories().AddFetching().BuildServiceProvider();
}
