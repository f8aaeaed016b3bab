using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

/// <summary>One option of every shape that rooms use.</summary>
internal sealed class SampleOptions
{
    public const string Section = "Upstreams";

    public string List { get; set; } = "https://proxy.golang.org";

    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    [Range(0L, 1L << 30)]
    public long MaxBytes { get; set; } = 1L << 20;

    [ByteSize]
    public int Buffer { get; set; } = 65536;

    [Range(1, 10)]
    public int Retries { get; set; } = 3;

    public double Ratio { get; set; } = 0.5;

    public bool Verify { get; set; } = true;

    public DayOfWeek Day { get; set; } = DayOfWeek.Monday;

    public TimeSpan? Limit { get; set; }

    [Secret]
    public string Password { get; set; } = "";

    public IReadOnlyList<string> Names { get; set; } = ["one", "two"];

    public List<SampleCredential> Credentials { get; set; } = [];

    public Dictionary<string, int> Weights { get; } = new(StringComparer.OrdinalIgnoreCase);

    public SampleBreaker Breaker { get; set; } = new();
}

internal sealed class SampleCredential
{
    [Required]
    public string Host { get; set; } = "";

    [Secret]
    public string Token { get; set; } = "";
}

internal sealed class SampleBreaker
{
    [Range(1, 100)]
    public int Failures { get; set; } = 3;
}

internal sealed class SampleValidator : IValidateOptions<SampleOptions>
{
    public ValidateOptionsResult Validate(string? name, SampleOptions options) =>
        options.Ratio > options.Retries ? ValidateOptionsResult.Fail("Upstreams:Ratio must not exceed Upstreams:Retries")
            : ValidateOptionsResult.Success;
}

internal static class Sample
{
    public static OptionsCatalog Catalog { get; } = new([RoomOptions.Of<SampleOptions>(SampleOptions.Section)]);

    public static Settings Load(SettingsInput input) => Settings.Load(input, Catalog);

    public static (SampleOptions Options, IReadOnlyList<string> Mistakes, IReadOnlyList<EffectiveSetting> Effective) Bind(SettingsInput input)
    {
        var binder = new StrictBinder(Load(input), isNoting: true);
        var options = new SampleOptions();
        binder.Bind(SampleOptions.Section, options);
        return (options, binder.Mistakes, binder.Effective);
    }

    public static (SampleOptions Options, IReadOnlyList<string> Mistakes, IReadOnlyList<EffectiveSetting> Effective) Bind(
        params (string, string)[] values) => Bind(SettingsInput.Of(values));
}
