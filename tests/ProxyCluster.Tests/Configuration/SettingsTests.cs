using ProxyCluster.Configuration;

namespace ProxyCluster.Tests.Configuration;

public sealed class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxycluster-settings-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Load_EverySource_TheStrongerWins()
    {
        Write("appsettings.json", """{ "Upstreams": { "Retries": 1, "Ratio": 0.1, "Day": "Sunday", "Buffer": 1 } }""");
        Write("more.json", """{ "Upstreams": { "Ratio": 0.2, "Day": "Tuesday", "Buffer": 2 } }""");
        var settings = Sample.Load(new SettingsInput
        {
            WorkingDirectory = _directory.FullName,
            Files = ["more.json"],
            Variables = Variables(("PROXYCLUSTER_Upstreams__Day", "Friday"), ("PROXYCLUSTER_UPSTREAMS__BUFFER", "3")),
            Flags = [new Setting("Upstreams:Buffer", "4", "flag --buffer")],
        });
        Assert.Equal(new Setting("Upstreams:Retries", "1", "appsettings.json"), settings.FindOrNull("Upstreams:Retries"));
        Assert.Equal(new Setting("Upstreams:Ratio", "0.2", "more.json"), settings.FindOrNull("Upstreams:Ratio"));
        Assert.Equal(new Setting("Upstreams:Day", "Friday", "environment PROXYCLUSTER_Upstreams__Day"), settings.FindOrNull("Upstreams:Day"));
        Assert.Equal(new Setting("Upstreams:Buffer", "4", "flag --buffer"), settings.FindOrNull("upstreams:buffer"));
    }

    [Theory]
    [InlineData("PROXYCLUSTER_UPSTREAMS__CONNECTTIMEOUT")]
    [InlineData("PROXYCLUSTER_UPSTREAMS__CONNECT_TIMEOUT")]
    [InlineData("PROXYCLUSTER_UPSTREAMS_CONNECT_TIMEOUT")]
    [InlineData("PROXYCLUSTER_Upstreams__ConnectTimeout")]
    [InlineData("proxycluster_upstreams__connecttimeout")]
    public void Load_VariableInAnySpelling_MeansItsKey(string name)
    {
        var (options, mistakes, _) = Sample.Bind(new SettingsInput { WorkingDirectory = "", Variables = Variables((name, "7s")) });
        Assert.Empty(mistakes);
        Assert.Equal(TimeSpan.FromSeconds(7), options.ConnectTimeout);
    }

    [Theory]
    [InlineData("PROXYCLUSTER_UPSTREAMS__CREDENTIALS__0__TOKEN", "PROXYCLUSTER_UPSTREAMS__CREDENTIALS__0__HOST")]
    [InlineData("proxycluster_upstreams__credentials__0__token", "PROXYCLUSTER_Upstreams__Credentials__0__Host")]
    public void Load_VariableOfAnItemInAnySpelling_MeansItsKey(string token, string host)
    {
        var (options, mistakes, effective) = Sample.Bind(new SettingsInput
        {
            WorkingDirectory = "",
            Variables = Variables((token, "secret"), (host, "a.example"), ("PROXYCLUSTER_UPSTREAMS__WEIGHTS__TOKYO", "7"), ("PROXYCLUSTER_UPSTREAMS__NAMES__0", "three")),
        });
        Assert.Empty(mistakes);
        Assert.Equal(("a.example", "secret"), (options.Credentials.Single().Host, options.Credentials.Single().Token));
        Assert.Equal((7, "three"), (options.Weights["tokyo"], options.Names.Single()));
        Assert.DoesNotContain(effective, static setting => setting.Value == "secret");
    }

    [Fact]
    public void Load_VariablesOfOthersWithOurPrefix_AreLeftAlone()
    {
        var settings = Sample.Load(new SettingsInput
        {
            WorkingDirectory = "",
            Variables = Variables(("PROXYCLUSTER_PORT", "tcp://10.0.0.1:80"), ("PROXYCLUSTER_SERVICE_HOST", "10.0.0.1")),
        });
        Assert.Empty(settings.All);
        Assert.Empty(settings.Mistakes);
    }

    [Fact]
    public void Load_MistypedVariable_IsAMistakeWithASuggestion()
    {
        var settings = Sample.Load(new SettingsInput { WorkingDirectory = "", Variables = Variables(("PROXYCLUSTER_UPSTREAMS_RETRYS", "1")) });
        Assert.Equal(
            "PROXYCLUSTER_UPSTREAMS_RETRYS = \"1\" (environment PROXYCLUSTER_UPSTREAMS_RETRYS) is not a known key: did you mean Upstreams:Retries?",
            settings.Mistakes.Single());
    }

    [Fact]
    public void Load_GoProxy_StandsInWhereNothingElseIsSet()
    {
        var variables = Variables(("GOPROXY", "https://a.example"));
        var alone = Sample.Load(new SettingsInput { WorkingDirectory = "", Variables = variables });
        Assert.Equal(new Setting("Upstreams:List", "https://a.example", "environment GOPROXY"), alone.FindOrNull("Upstreams:List"));

        Write("appsettings.json", """{ "Upstreams": { "List": "https://b.example" } }""");
        var besideFile = Sample.Load(new SettingsInput { WorkingDirectory = _directory.FullName, Variables = variables });
        Assert.Equal("https://b.example", besideFile.FindOrNull("Upstreams:List")!.Value);
    }

    [Theory]
    [InlineData("https://a.example,direct", "https://a.example")]
    [InlineData("https://a.example|direct,https://b.example", "https://a.example")]
    [InlineData("https://a.example/direct", "https://a.example/direct")]
    [InlineData("https://a.example,off", "https://a.example,off")]
    [InlineData("off", "off")]
    [InlineData("direct", null)]
    [InlineData("", null)]
    public void Load_GoProxyWithDirect_LeavesDirectToTheClient(string goProxy, string? expected)
    {
        var settings = Sample.Load(new SettingsInput { WorkingDirectory = "", Variables = Variables(("GOPROXY", goProxy)) });
        Assert.Equal(expected, settings.FindOrNull("Upstreams:List")?.Value);
    }

    [Fact]
    public void WellKnown_NoSumDb_FallsBackToPrivate()
    {
        Assert.Equal(
            [("Verification:Private", "corp/*"), ("Verification:NoSumDb", "corp/*")],
            WellKnownVariables.Read(Variables(("GOPRIVATE", "corp/*"))).Select(setting => (setting.Key, setting.Value)));
        Assert.Equal("none", WellKnownVariables.Read(Variables(("GOPRIVATE", "corp/*"), ("GONOSUMDB", "none")))
            .Last(setting => setting.Key == "Verification:NoSumDb").Value);
    }

    [Fact]
    public void Load_ListFromAStrongerSource_ReplacesTheWholeList()
    {
        Write("appsettings.json", """{ "Upstreams": { "Names": ["a", "b", "c"] } }""");
        var input = new SettingsInput { WorkingDirectory = _directory.FullName };
        Assert.Equal(["a", "b", "c"], Sample.Bind(input).Options.Names);
        Assert.Equal(["z"], Sample.Bind(input with { Flags = [new Setting("Upstreams:Names:0", "z", "flag")] }).Options.Names);
        Assert.Equal(["x", "y"], Sample.Bind(input with { Flags = [new Setting("Upstreams:Names", "x,y", "flag")] }).Options.Names);
    }

    [Fact]
    public void Load_FileThatIsMissingOrNoJson_IsAMistake()
    {
        Write("broken.json", "{ \"Upstreams\": ");
        var settings = Sample.Load(new SettingsInput { WorkingDirectory = _directory.FullName, Files = ["broken.json", "missing.json"] });
        Assert.StartsWith("broken.json is not valid JSON: ", settings.Mistakes[0], StringComparison.Ordinal);
        Assert.StartsWith("missing.json cannot be read: ", settings.Mistakes[1], StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] variables) =>
        variables.ToDictionary(variable => variable.Name, variable => variable.Value);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_directory.FullName, file), text);
}
