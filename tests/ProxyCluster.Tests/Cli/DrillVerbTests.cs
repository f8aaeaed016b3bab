using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Cli;

/// <summary>What <c>drill</c> refuses before it touches anything, and how it says so.</summary>
public sealed class DrillVerbTests : IDisposable
{
    private const string Fronts = "--front-end tokyo=http://127.0.0.1:1 --front-end paris=http://127.0.0.1:2";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("region-kill --region paris", "--region paris: a cluster of the drill's own has tokyo, frankfurt, sanjose")]
    [InlineData("drain --modules go.sum", "--modules is for a cluster that runs already: name its front ends with --front-end REGION=URL")]
    [InlineData("drain --inject true", "--inject is for a cluster that runs already")]
    [InlineData("drain --front-end tokyo", "--front-end tokyo: write it as region=http://host:port")]
    [InlineData("drain --front-end tokyo=ftp://x", "--front-end tokyo=ftp://x: write it as")]
    [InlineData("drain " + Fronts, "--region is missing: which of tokyo, paris gets the trouble?")]
    [InlineData("drain --region rome " + Fronts, "--region rome: the members named are in tokyo, paris")]
    [InlineData("drain --region tokyo --front-end tokyo=http://127.0.0.1:1", "name a front end of another region than tokyo")]
    [InlineData("drain --region tokyo " + Fronts, "--modules FILE is missing")]
    [InlineData("drain --region tokyo --modules go.sum " + Fronts, "--token-file FILE is missing: drain is an operator's order")]
    [InlineData("drain --region tokyo --modules go.sum --token-file none " + Fronts, "--token-file none cannot be read")]
    [InlineData("region-kill --region tokyo --modules go.sum " + Fronts, "region-kill cannot be made on a running cluster from here: give the commands that do it, --inject COMMAND --heal COMMAND")]
    [InlineData("region-kill --region tokyo --modules go.sum --inject true " + Fronts, "--inject and --heal belong together")]
    [InlineData("region-kill --region tokyo --modules go.sum --inject true --heal true --go go " + Fronts, "--go is for a cluster that the drill starts")]
    public async Task Run_FlagsThatDoNotGoTogether_ExitsWith2AndSaysWhichAndWhy(string line, string why)
    {
        var call = await CommandLineCall.RunAsync(["drill", .. line.Split(' ')]);

        Assert.Equal(2, call.Status);
        Assert.Contains(why, call.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--html")]
    public async Task Run_ReportThatCannotBeWritten_ExitsWith2BeforeItBegins(string flag)
    {
        foreach (var (path, why) in ((string, string)[])[("no/such/directory/report", "no/such/directory/report"), (_scratch.Path, "it is a directory")])
        {
            var kept = _scratch["kept"];
            var call = await CommandLineCall.RunAsync("drill", "drain", flag, path, "--dir", kept);

            Assert.Equal(2, call.Status);
            Assert.Contains($"{flag} {path} cannot be written", call.Error, StringComparison.Ordinal);
            Assert.Contains(why, call.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(kept));
        }
    }

    [Theory]
    [InlineData("no such thing\n", "holds no line of a go.sum file")]
    [InlineData(null, "cannot be read")]
    public async Task Run_NothingToAskFor_ExitsWith1AndNamesTheFile(string? content, string why)
    {
        var file = _scratch["go.sum"];
        if (content is not null)
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);

        var call = await CommandLineCall.RunAsync(
            ["drill", "region-kill", "--region", "tokyo", "--modules", file, "--inject", "true", "--heal", "true", .. Fronts.Split(' ')]);

        Assert.Equal(1, call.Status);
        Assert.Contains(file, call.Error, StringComparison.Ordinal);
        Assert.Contains(why, call.Error, StringComparison.Ordinal);
    }
}
