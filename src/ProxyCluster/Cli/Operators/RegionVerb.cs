using System.CommandLine;
using System.Globalization;
using ProxyCluster.Http;
using ProxyCluster.Routing;

namespace ProxyCluster.Cli.Operators;

/// <summary>
/// <c>region</c>: takes a region out of service and puts it back. Each order may be given again without harm; a drain
/// waits until the region's work in flight is done, and says how much is left.
/// </summary>
internal static class RegionVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("region", "Drain, undrain, fail, recover or forget a region.");
        command.Subcommands.Add(CreateOrder(context, "drain", "Take a region out of service in an orderly way, and wait for its work in flight."));
        command.Subcommands.Add(CreateOrder(context, "undrain", "Put a drained region back; its keys return to it step by step."));
        command.Subcommands.Add(CreateOrder(context, "fail", "Treat a region as dead, whatever its health."));
        command.Subcommands.Add(CreateOrder(context, "recover", "Let a failed region recover now; its keys return to it step by step."));
        command.Subcommands.Add(CreateOrder(context, "forget", "Take a region off the table that is gone for good; none of its members may be left."));
        Examples.Attach(command,
            "proxycluster region drain tokyo --reason 'rack maintenance' --token-file token",
            "proxycluster region undrain tokyo --reason 'maintenance is over' --token-file token");
        return command;
    }

    private static Command CreateOrder(CommandContext context, string verb, string description)
    {
        var command = new Command(verb, description);
        var name = new Argument<string>("NAME") { Description = "The region." };
        var reason = new Option<string>("--reason") { Description = "Why; it is kept with the event.", HelpName = "TEXT", Required = true };
        var force = new Option<bool>("--force") { Description = "Also if no other region would be left in service." };
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait for work in flight." };
        var flags = AdminConnection.Flags.AddTo(command);
        command.Arguments.Add(name);
        command.Options.Add(reason);
        if (verb is "drain" or "fail")
            command.Options.Add(force);
        if (verb is "drain")
            command.Options.Add(noWait);
        command.SetAction(async (parsed, cancel) =>
        {
            if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            using (connection)
            {
                var region = parsed.GetRequiredValue(name);
                var order = new OrderBody(parsed.GetRequiredValue(reason), verb is "drain" or "fail" && parsed.GetValue(force));
                var given = await connection.OrderAsync(verb, region, order, cancel).ConfigureAwait(false);
                if (!given.TryGet(out var answer, out failure))
                    return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
                await context.Out.WriteLineAsync(answer.Message).ConfigureAwait(false);
                return verb == "drain" && !parsed.GetValue(noWait)
                    ? await WaitAsync(connection, region, context, cancel).ConfigureAwait(false)
                    : ExitStatus.Ok;
            }
        });
        return command;
    }

    private static async Task<int> WaitAsync(AdminConnection connection, string region, CommandContext context, CancellationToken cancel)
    {
        var last = "";
        while (true)
        {
            var asked = await connection.StatusAsync(cancel).ConfigureAwait(false);
            if (asked.TryGet(out var status, out var failure))
            {
                var found = status.Regions.FirstOrDefault(r => r.Name == region);
                if (found is not { Intent.Kind: IntentKind.Drain })
                    return await OperatorAnswers.FailAsync(context, new(Outcomes.FailureKind.BadRequest, $"somebody ended the drain of {region}"), ExitStatus.Failed).ConfigureAwait(false);
                if (found.Intent.IsDone)
                {
                    await context.Out.WriteLineAsync($"{region} is drained: no work is in flight").ConfigureAwait(false);
                    return ExitStatus.Ok;
                }

                await SayAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{region}: {found.InFlight} requests in flight, {found.PendingCopies} copies owed to other regions")).ConfigureAwait(false);
            }
            else
            {
                // The order was taken; a moment without an answer changes nothing about it.
                await SayAsync(failure.Message).ConfigureAwait(false);
            }

            await Task.Delay(Pause, TimeProvider.System, cancel).ConfigureAwait(false);
        }

        async Task SayAsync(string line)
        {
            if (line == last)
                return;
            last = line;
            await context.Error.WriteLineAsync(line).ConfigureAwait(false);
        }
    }
}
