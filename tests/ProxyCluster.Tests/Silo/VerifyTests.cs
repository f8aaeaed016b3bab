using System.CommandLine;
using System.Text.Json;
using ProxyCluster.Cli;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Silo;

/// <summary><c>verify</c> on a store that a silo has filled.</summary>
public class VerifyTests
{
    [Fact]
    public async Task Verify_OfAStoppedSilosStore_ReadsEveryByteAndExitsWith0()
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        var call = await VerifyAsync(silo);
        Assert.True(call.Status == 0, call.Out);
        Assert.Matches(@"^8 module versions, 24 artifacts, \d+\.\d KiB in .*: every byte is as its record says", call.Out);
        Assert.Contains("artifacts", call.Error, StringComparison.Ordinal);
        Assert.Matches(@"\[[#.]{24}\]", call.Error);
        await silo.StartAgainAsync();
    }

    [Fact]
    public async Task Verify_OfDamage_NamesItSetsItAsideAndExitsWith1()
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        var stem = $"{silo.Data}/modules{FilledSilo.Lib.Stem}";
        File.AppendAllText(stem + ".mod", "\n");
        File.Delete(stem + ".info");
        var call = await VerifyAsync(silo, "--json");
        Assert.Equal(1, call.Status);
        using var json = JsonDocument.Parse(call.Out);
        var problems = json.RootElement.GetProperty("problems").EnumerateArray()
            .Select(problem => problem.GetProperty("artifact").GetString()).Order(StringComparer.Ordinal);
        Assert.Equal(["modules/example.com/lib/@v/v1.2.0.info", "modules/example.com/lib/@v/v1.2.0.mod"], problems);
        Assert.False(File.Exists(stem + ".mod"));
        Assert.Single(Directory.GetFiles(Path.Combine(silo.Data, "quarantine")));

        // And the silo mends itself.
        await silo.StartAgainAsync();
        Assert.Equal(FilledSilo.Lib.GoMod, (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod")).Body);
        Assert.Equal(FilledSilo.Lib.Info, (await silo.GetAsync(FilledSilo.Lib.Stem + ".info")).Body);
        await silo.StopAsync();
        Assert.Equal(0, (await VerifyAsync(silo)).Status);
        await silo.StartAgainAsync();
    }

    [Fact]
    public async Task Verify_WhileASiloUsesTheStore_ReportsAndMovesNothing()
    {
        await using var silo = await FilledAsync();
        var file = $"{silo.Data}/modules{FilledSilo.Lib.Stem}.mod";
        File.AppendAllText(file, "\n");
        Assert.Equal(1, (await VerifyAsync(silo)).Status);
        Assert.True(File.Exists(file));
    }

    [Theory]
    [InlineData("\"zipH1\": \"h1:", "\"zipH1\": \"h1:X")]
    [InlineData("\"recordText\": \"", "\"recordText\": \"x")]
    [InlineData("\"format\": 1", "\"format\": 9")]
    public async Task Verify_OfAForgedRecord_ExitsWith1(string from, string to)
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        var record = $"{silo.Data}/modules{FilledSilo.Lib.Stem}.record";
        var text = File.ReadAllText(record);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(record, text.Replace(from, to, StringComparison.Ordinal));
        var call = await VerifyAsync(silo);
        Assert.Equal(1, call.Status);
        Assert.Contains("v1.2.0.", call.Out, StringComparison.Ordinal);
        await silo.StartAgainAsync();
    }

    private static async Task<TestSilo> FilledAsync()
    {
        var silo = await FilledSilo.StartAsync();
        foreach (var module in FilledSilo.All)
        {
            foreach (var ending in (string[])[".info", ".mod", ".zip"])
                Assert.Equal(200, (await silo.GetAsync(module.Stem + ending)).Status);
        }

        return silo;
    }

    private static async Task<CommandLineCall> VerifyAsync(TestSilo silo, params string[] more)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var context = new CommandContext(output, error, Path.GetTempPath(), new Dictionary<string, string>());
        var parsed = VerifyVerb.Create(context).Parse(
            ["--data", silo.Data, "--set", $"Verification:SumDb={silo.Database.Setting}", .. more]);
        Assert.Empty(parsed.Errors);
        var status = await parsed.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);
        return new CommandLineCall(status, output.ToString(), error.ToString());
    }
}
