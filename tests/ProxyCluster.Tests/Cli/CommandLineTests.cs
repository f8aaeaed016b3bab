using System.Text.Json;

namespace ProxyCluster.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_OfTheProgram_ListsVerbsAndExamples()
    {
        var call = await CommandLineCall.RunAsync("--help");
        Assert.Equal(0, call.Status);
        Assert.All(["serve", "verify", "config", "version", "Examples:"], word => Assert.Contains(word, call.Out, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_OfServe_NamesEveryFlagThatScriptsUse()
    {
        var call = await CommandLineCall.RunAsync("serve", "--help");
        Assert.Equal(0, call.Status);
        Assert.All(["--urls", "--data", "--upstream", "--sumdb", "--no-sumdb", "--config", "--log-level", "--set", "Examples:"],
            flag => Assert.Contains(flag, call.Out, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("serve", "--bogus")]
    [InlineData("sreve")]
    [InlineData("serve", "--set", "Serve:Urls")]
    [InlineData("serve", "--set", "=x")]
    [InlineData("config", "--urls")]
    public async Task Run_WrongCommandLine_ExitsWith2AndSaysWhereHelpIs(params string[] args)
    {
        var call = await CommandLineCall.RunAsync(args);
        Assert.Equal(2, call.Status);
        Assert.Contains("--help'.", call.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WrongConfiguration_ReportsEveryMistakeWithItsSourceAndExitsWith2()
    {
        var variables = new Dictionary<string, string> { ["PROXYCLUSTER_SERVE__DRAINTIMEOUT"] = "abc" };
        var call = await CommandLineCall.RunAsync(variables,
            "serve", "--urls", "ftp://x", "--log-level", "loud", "--set", "Serve:Urls2=x", "--config", "missing.json");
        Assert.Equal(2, call.Status);
        var lines = call.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, lines.Length);
        Assert.Contains("proxycluster: Serve:DrainTimeout = \"abc\" (environment PROXYCLUSTER_SERVE__DRAINTIMEOUT) is not a duration: use 10s, 500ms or 00:00:10", lines);
        Assert.Contains("proxycluster: Telemetry:LogLevel = \"loud\" (flag --log-level) is not known: use Trace, Debug, Information, Warning, Error, Critical, None", lines);
        Assert.Contains(lines, line => line.Contains("Serve:Urls = \"ftp://x\" (flag --urls) is not an address to listen on", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("did you mean Serve:Urls?", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Config_Table_ShowsValueAndSourceOfEveryKey()
    {
        var variables = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://me:hush@127.0.0.1:4318" };
        var call = await CommandLineCall.RunAsync(variables, "config", "--set", "Telemetry:OtlpHeaders=authorization=hush");
        Assert.Equal(0, call.Status);
        Assert.DoesNotContain("hush", call.Out, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^Serve:DrainTimeout +30s +default$", call.Out);
        Assert.Matches(@"(?m)^Telemetry:OtlpEndpoint +http://\*\*\*@127.0.0.1:4318/ +environment OTEL_EXPORTER_OTLP_ENDPOINT$", call.Out);
        Assert.Matches(@"(?m)^Telemetry:OtlpHeaders +\*\*\* +flag --set$", call.Out);
    }

    [Fact]
    public async Task Config_GoNamesAndFlags_ReachTheirRooms()
    {
        var variables = new Dictionary<string, string>
        {
            ["GOPROXY"] = "https://a.example,direct",
            ["GOSUMDB"] = "sum.golang.org https://b.example",
            ["GOPRIVATE"] = "corp.example",
        };
        var ambient = await CommandLineCall.RunAsync(variables, "config");
        Assert.Equal("", ambient.Error);
        Assert.Matches(@"(?m)^Upstreams:List +https://a\.example +environment GOPROXY without its direct$", ambient.Out);
        Assert.Matches(@"(?m)^Verification:SumDb +sum\.golang\.org https://b\.example +environment GOSUMDB$", ambient.Out);
        Assert.Matches(@"(?m)^Verification:NoSumDb +corp\.example +environment GOPRIVATE$", ambient.Out);

        var flags = await CommandLineCall.RunAsync(variables,
            "config", "--upstream", "off", "--sumdb", "off", "--no-sumdb", "none", "--data", "/srv");
        Assert.Matches(@"(?m)^Upstreams:List +off +flag --upstream$", flags.Out);
        Assert.Matches(@"(?m)^Verification:SumDb +off +flag --sumdb$", flags.Out);
        Assert.Matches(@"(?m)^Verification:NoSumDb +none +flag --no-sumdb$", flags.Out);
        Assert.Matches(@"(?m)^Storage:Data +/srv +flag --data$", flags.Out);
    }

    [Fact]
    public async Task Config_Json_IsOneObjectByKey()
    {
        var call = await CommandLineCall.RunAsync("config", "--json", "--urls", "http://127.0.0.1:9");
        using var json = JsonDocument.Parse(call.Out);
        var urls = json.RootElement.GetProperty("Serve:Urls");
        Assert.Equal("http://127.0.0.1:9", urls.GetProperty("value").GetString());
        Assert.Equal("flag --urls", urls.GetProperty("source").GetString());
    }

    [Fact]
    public async Task Config_WrongValue_StillPrintsTheRestAndExitsWith2()
    {
        var call = await CommandLineCall.RunAsync("config", "--set", "Serve:DrainDelay=x");
        Assert.Equal(2, call.Status);
        Assert.Contains("Serve:Urls", call.Out, StringComparison.Ordinal);
        Assert.Contains("Serve:DrainDelay = \"x\"", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_Always_NamesVersionRuntimeAndLibcrypto()
    {
        var call = await CommandLineCall.RunAsync("version");
        Assert.Equal(0, call.Status);
        Assert.Matches(@"^proxycluster \d+\.\d+\.\d+", call.Out);
        Assert.Contains(".NET", call.Out, StringComparison.Ordinal);
        Assert.Matches(@"libcrypto +(\d+\.\d+\.\d+|not found)", call.Out);
    }
}
