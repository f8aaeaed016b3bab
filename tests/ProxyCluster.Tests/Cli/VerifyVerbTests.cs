using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Cli;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.Cli;

public sealed class VerifyVerbTests
{
    private static readonly StoreCheckResult Clean = new(2, 5, 3L << 20, []);

    [Fact]
    public async Task Verify_CleanStore_SummarisesAndExitsWith0()
    {
        var call = await RunAsync(_ => Clean);
        Assert.Equal(0, call.Status);
        Assert.Matches(@"^2 module versions, 5 artifacts, 3\.0 MiB in \d+\.\d s: every byte is as its record says", call.Out);
        Assert.Contains("[############............] 50 %  3 artifacts, 1.0 KiB, ", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_Problems_ListsThemAndExitsWith1()
    {
        var call = await RunAsync(_ => Clean with { Problems = [new("m@v1.0.0.zip", "SHA-256 differs; quarantined")] });
        Assert.Equal(1, call.Status);
        Assert.StartsWith("m@v1.0.0.zip: SHA-256 differs; quarantined\n", call.Out, StringComparison.Ordinal);
        Assert.Contains(": 1 problem", call.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_Json_IsOneObject()
    {
        var call = await RunAsync(_ => Clean with { Problems = [new("m@v1.0.0.zip", "gone")] }, "--json");
        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal(5, json.RootElement.GetProperty("artifacts").GetInt32());
        Assert.Equal("gone", json.RootElement.GetProperty("problems")[0].GetProperty("problem").GetString());
    }

    [Fact]
    public async Task Verify_DirectoryInUse_SaysSoInOneLineAndExitsWith1()
    {
        var call = await RunAsync(_ => throw new IOException("data is in use by process 7"));
        Assert.Equal((1, "proxycluster: data is in use by process 7\n"), (call.Status, call.Error[call.Error.IndexOf("proxycluster", StringComparison.Ordinal)..]));
    }

    [Fact]
    public async Task Verify_WrongConfiguration_ExitsWith2()
    {
        var call = await RunAsync(_ => Clean, "--set", "Nowhere:At=all");
        Assert.Equal(2, call.Status);
    }

    private static async Task<CommandLineCall> RunAsync(Func<CancellationToken, StoreCheckResult> check, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var context = new CommandContext(output, error, Path.GetTempPath(), new Dictionary<string, string>());
        var verb = VerifyVerb.Create(context, services => services.AddSingleton<StoreCheck>((progress, cancellation) =>
        {
            progress.Report(new StoreCheckProgress(3, 1024, 2048));
            return Task.FromResult(check(cancellation));
        }));
        var parsed = verb.Parse(args);
        Assert.Empty(parsed.Errors);
        var status = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false },
            TestContext.Current.CancellationToken);
        return new CommandLineCall(status, output.ToString(), error.ToString());
    }
}
