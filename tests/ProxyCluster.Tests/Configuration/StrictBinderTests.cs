using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

public sealed class StrictBinderTests
{
    [Fact]
    public void Bind_NothingSet_KeepsEveryDefault()
    {
        var (options, mistakes, effective) = Sample.Bind();
        Assert.Empty(mistakes);
        Assert.Equal(TimeSpan.FromSeconds(10), options.ConnectTimeout);
        Assert.Equal(["one", "two"], options.Names);
        Assert.All(effective, setting => Assert.Equal(EffectiveSetting.Default, setting.Source));
        Assert.Contains(new EffectiveSetting("Upstreams:MaxBytes", "1MiB", "default"), effective);
        Assert.Contains(new EffectiveSetting("Upstreams:Breaker:Failures", "3", "default"), effective);
    }

    [Fact]
    public void Bind_EveryShape_IsRead()
    {
        var (options, mistakes, _) = Sample.Bind(
            ("Upstreams:ConnectTimeout", "500ms"), ("upstreams:maxbytes", "64MiB"), ("Upstreams:Buffer", "16KiB"),
            ("Upstreams:Retries", "7"), ("Upstreams:Ratio", "0.25"), ("Upstreams:Verify", "false"), ("Upstreams:Day", "friday"),
            ("Upstreams:Limit", "3s"), ("Upstreams:Names:0", "a"), ("Upstreams:Credentials:0:Host", "h"),
            ("Upstreams:Credentials:0:Token", "t"), ("Upstreams:Weights:tokyo", "5"), ("Upstreams:Breaker:Failures", "9"));
        Assert.Empty(mistakes);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.ConnectTimeout);
        Assert.Equal(64L << 20, options.MaxBytes);
        Assert.Equal(16384, options.Buffer);
        Assert.Equal((7, 0.25, false, DayOfWeek.Friday), (options.Retries, options.Ratio, options.Verify, options.Day));
        Assert.Equal(TimeSpan.FromSeconds(3), options.Limit);
        Assert.Equal(["a"], options.Names);
        Assert.Equal(("h", "t"), (options.Credentials[0].Host, options.Credentials[0].Token));
        Assert.Equal(5, options.Weights["TOKYO"]);
        Assert.Equal(9, options.Breaker.Failures);
    }

    [Fact]
    public void Bind_ListAsOneText_IsSplitAtCommas() =>
        Assert.Equal(["x", "y"], Sample.Bind(("Upstreams:Names", "x, y,")).Options.Names);

    [Theory]
    [InlineData("ConnectTimeout", "abc", "is not a duration: use 10s, 500ms or 00:00:10")]
    [InlineData("ConnectTimeout", "10", "is not a duration: use 10s, 500ms or 00:00:10")]
    [InlineData("ConnectTimeout", "11m", "is out of range: use 1ms to 10m")]
    [InlineData("MaxBytes", "2GiB", "is out of range: use 0 to 1GiB")]
    [InlineData("MaxBytes", "64M", "is not a size: use 64MiB, 500MB or a number of bytes")]
    [InlineData("Buffer", "4GiB", "is not a size: use 64MiB, 500MB or a number of bytes")]
    [InlineData("Retries", "1.5", "is not a whole number")]
    [InlineData("Retries", "0", "is out of range: use 1 to 10")]
    [InlineData("Ratio", "half", "is not a number")]
    [InlineData("Verify", "yes", "is not a switch: use true or false")]
    [InlineData("Day", "7", "is not known: use Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday")]
    [InlineData("Retrys", "1", "is not a known key: did you mean Upstreams:Retries?")]
    [InlineData("Breaker", "5", "is a section: set Upstreams:Breaker:Failures and the like")]
    public void Bind_WrongValue_NamesKeyValueSourceAndWhatIsAllowed(string name, string value, string refusal)
    {
        var (_, mistakes, _) = Sample.Bind(($"Upstreams:{name}", value));
        Assert.Equal([$"Upstreams:{name} = \"{value}\" (this process) {refusal}"], mistakes);
    }

    [Fact]
    public void Bind_KeyUnlikeAny_ListsTheKnownOnes() =>
        Assert.Contains("is not a known key: the keys of Upstreams are Breaker, Buffer, ConnectTimeout", Sample.Bind(("Upstreams:Xyzzyplugh", "1")).Mistakes.Single(), StringComparison.Ordinal);

    [Fact]
    public void Bind_ValueWithKeysBelowIt_IsRefused() =>
        Assert.Equal("Upstreams:Retries:Max = \"1\" (this process) is not a key: Upstreams:Retries takes one value",
            Sample.Bind(("Upstreams:Retries:Max", "1")).Mistakes.Single());

    [Fact]
    public void Bind_SeveralMistakes_ReportsAllAndKeepsDefaults()
    {
        var (options, mistakes, effective) = Sample.Bind(
            ("Upstreams:Retries", "x"), ("Upstreams:Nmes", "x"), ("Upstreams:Credentials:0:Hst", "x"), ("Upstreams:Breaker:Failures", "0"));
        Assert.Equal(5, mistakes.Count); // the credential without its host is one more
        Assert.Equal(3, options.Retries);
        Assert.Contains(new EffectiveSetting("Upstreams:Retries", "3", "default"), effective);
    }

    [Fact]
    public void Bind_Secrets_AreMaskedEverywhere()
    {
        var (_, mistakes, effective) = Sample.Bind(
            ("Upstreams:Password", "hush"), ("Upstreams:Credentials:0:Host", "h"), ("Upstreams:Credentials:0:Token", "hush"),
            ("Upstreams:List", "https://me:hush@host"), ("Upstreams:Pasword", "hush"), ("Upstreams:AccessToken", "hush"));
        Assert.Equal(2, mistakes.Count);
        Assert.DoesNotContain(mistakes.Concat(effective.Select(setting => setting.Value)), text => text.Contains("hush", StringComparison.Ordinal));
        Assert.Contains(new EffectiveSetting("Upstreams:Credentials:0:Token", "***", "this process"), effective);
        Assert.Contains(new EffectiveSetting("Upstreams:List", "https://***@host", "this process"), effective);
    }
}
