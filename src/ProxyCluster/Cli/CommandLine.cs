using System.CommandLine;
using System.CommandLine.Help;
using ProxyCluster.Cli.Auditing;
using ProxyCluster.Cli.Operators;

namespace ProxyCluster.Cli;

/// <summary>The command line: one file per verb, listed here.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command line to its exit status.</summary>
    public static async Task<int> RunAsync(string[] args, CommandContext context, CancellationToken cancellation = default)
    {
        var root = new RootCommand("ProxyCluster: a verifying Go module proxy that outlives its upstreams.");
        root.Options.OfType<VersionOption>().ToList().ForEach(option => root.Options.Remove(option)); // 'version' says more
        root.Subcommands.Add(ServeVerb.Create(context));
        root.Subcommands.Add(VerifyVerb.Create(context));
        root.Subcommands.Add(DemoVerb.Create(context));
        root.Subcommands.Add(DrillVerb.Create(context));
        root.Subcommands.Add(LocalClusterVerb.Create(context));
        root.Subcommands.Add(StatusVerb.Create(context));
        root.Subcommands.Add(RegionVerb.Create(context));
        root.Subcommands.Add(ModuleVerb.Create(context));
        root.Subcommands.Add(PolicyVerb.Create(context));
        root.Subcommands.Add(EventsVerb.Create(context));
        root.Subcommands.Add(ClientsVerb.Create(context));
        root.Subcommands.Add(ConfigVerb.Create(context));
        root.Subcommands.Add(RouteVerb.Create(context));
        root.Subcommands.Add(VulnVerb.Create(context));
        root.Subcommands.Add(SbomVerb.Create(context));
        root.Subcommands.Add(AuditVerb.Create(context));
        root.Subcommands.Add(LoginVerb.CreateLogin(context));
        root.Subcommands.Add(LoginVerb.CreateLogout(context));
        root.Subcommands.Add(CredentialVerb.Create(context));
        root.Subcommands.Add(VersionVerb.Create(context));
        Examples.Attach(root,
            "proxycluster serve                              on http://localhost:8080, data in ./data",
            "GOPROXY=http://localhost:8080 go build ./...    build through it",
            "proxycluster demo                               three regions to play with, nothing needed",
            "proxycluster serve --help                       every flag of a verb");

        var parsed = root.Parse(args);
        if (parsed.Action is not HelpAction and not Examples.HelpWithExamples && parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await context.Error.WriteLineAsync("proxycluster: " + error.Message).ConfigureAwait(false);
            var verb = parsed.CommandResult.Command == root ? "" : parsed.CommandResult.Command.Name + " ";
            await context.Error.WriteLineAsync($"Try 'proxycluster {verb}--help'.").ConfigureAwait(false);
            return ExitStatus.Usage;
        }

        // The default handler would print a stack trace and, on a signal, end the process after two seconds.
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = context.Out,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            },
            cancellation).ConfigureAwait(false);
    }
}
