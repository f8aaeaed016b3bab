using ProxyCluster.Cli;

namespace ProxyCluster.Tests.Cli;

/// <summary>One call of the command line inside this process.</summary>
internal sealed record CommandLineCall(int Status, string Out, string Error)
{
    public static async Task<CommandLineCall> RunAsync(IReadOnlyDictionary<string, string> variables, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var status = await CommandLine.RunAsync(args, new CommandContext(output, error, Path.GetTempPath(), variables),
            TestContext.Current.CancellationToken);
        return new CommandLineCall(status, output.ToString(), error.ToString());
    }

    public static Task<CommandLineCall> RunAsync(params string[] args) => RunAsync(new Dictionary<string, string>(), args);
}
