using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

public sealed class SettingsCheckTests
{
    [Fact]
    public void FindMistakes_SourcesSectionsValuesAndValidators_AreReportedTogether()
    {
        using var services = Services(
            ("Upstreams:Ratio", "99"), ("Upstreams:Day", "x"), ("Upstrems:List", "x"), ("Logging:LogLevel:Default", "Debug"));
        Assert.Equal(
            [
                "Upstrems:List = \"x\" (this process) is not a known key: did you mean Upstreams:List?",
                "Upstreams:Day = \"x\" (this process) is not known: use Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday",
                "Upstreams:Ratio must not exceed Upstreams:Retries",
            ],
            SettingsCheck.FindMistakes(services));
        Assert.Equal(3, Assert.Throws<SettingsException>(() => SettingsCheck.ThrowIfWrong(services)).Mistakes.Count);
    }

    [Fact]
    public void FindMistakes_NothingWrong_IsEmpty()
    {
        using var services = Services(("Upstreams:Ratio", "1"));
        Assert.Empty(SettingsCheck.FindMistakes(services));
    }

    [Fact]
    public void AddRoomOptions_PlainConfiguration_IsBoundAsStrictly()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("Upstreams:ConnectTimeout", (string?)"soon")]).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        services.AddRoomOptions<SampleOptions>(SampleOptions.Section);
        using var provider = services.BuildServiceProvider();
        var e = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<SampleOptions>>().Value);
        Assert.StartsWith("Upstreams:ConnectTimeout = \"soon\" (configuration) is not a duration", e.Failures.Single(), StringComparison.Ordinal);
    }

    private static ServiceProvider Services(params (string, string)[] values)
    {
        var services = new ServiceCollection();
        services.AddRoomOptions<SampleOptions>(SampleOptions.Section);
        services.AddSingleton<IValidateOptions<SampleOptions>, SampleValidator>();
        var catalog = OptionsCatalog.From(services);
        services.AddSingleton(catalog).AddSingleton(Settings.Load(SettingsInput.Of(values), catalog));
        return services.BuildServiceProvider();
    }
}
