using System.CommandLine;
using System.Text.Json;
using ProxyCluster.Failover;
using Spectre.Console;

namespace ProxyCluster.Cli.Operators;

/// <summary><c>status</c>: how the cluster stands, redrawn every second on a terminal.</summary>
internal static class StatusVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("status", "Show the regions and members of a running cluster.");
        var flags = AdminConnection.Flags.AddTo(command);
        var json = new Option<bool>("--json") { Description = "Print it once, as JSON." };
        var once = new Option<bool>("--once") { Description = "Print it once, also on a terminal." };
        command.Options.Add(json);
        command.Options.Add(once);
        Examples.Attach(command,
            "proxycluster status --url http://10.0.0.5:8080,http://10.1.0.5:8080 --token-file ~/.proxycluster-token",
            "proxycluster status --token-file token --json | jq '.regions[] | {name, state}'");
        command.SetAction(async (parsed, cancel) =>
        {
            if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            using (connection)
                return await RunAsync(connection, parsed.GetValue(json), parsed.GetValue(once), context, cancel).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(AdminConnection connection, bool isJson, bool isOnce, CommandContext context, CancellationToken cancel)
    {
        var asked = await connection.StatusAsync(cancel).ConfigureAwait(false);
        if (!asked.TryGet(out var status, out var failure))
            return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
        if (isJson)
        {
            await context.Out.WriteLineAsync(JsonSerializer.Serialize(status, FailoverJson.Default.ClusterStatus)).ConfigureAwait(false);
            return ExitStatus.Ok;
        }

        var console = OperatorAnswers.Console(context);
        if (isOnce || !console.Profile.Out.IsTerminal)
        {
            console.Write(ClusterTable.Render(status));
            return ExitStatus.Ok;
        }

        await console.Live(ClusterTable.Render(status)).StartAsync(async live =>
        {
            while (!cancel.IsCancellationRequested)
            {
                await Task.Delay(Pause, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var next = await connection.StatusAsync(CancellationToken.None).ConfigureAwait(false);
                live.UpdateTarget(next.TryGet(out var now, out var trouble) ? ClusterTable.Render(now) : new Text(trouble.Message, new Style(Color.Red)));
            }
        }).ConfigureAwait(false);
        return ExitStatus.Ok;
    }
}
