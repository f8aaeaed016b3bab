using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Cli.Operators;

/// <summary><c>events</c>: what happened to regions, and why.</summary>
internal static class EventsVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("events", "List what happened to regions, oldest first.");
        var flags = AdminConnection.Flags.AddTo(command);
        var since = EventStart.CreateOption(TimeProvider.System);
        var follow = new Option<bool>("--follow") { Description = "Go on with new ones as they come." };
        var json = new Option<bool>("--json") { Description = "One JSON object per line." };
        command.Options.Add(since);
        command.Options.Add(follow);
        command.Options.Add(json);
        Examples.Attach(command,
            "proxycluster events --token-file token --since 1h",
            "proxycluster events --token-file token --since 41 --follow --json");
        command.SetAction(async (parsed, cancel) =>
        {
            if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            using (connection)
                return await RunAsync(connection, parsed.GetValue(since), parsed.GetValue(follow), parsed.GetValue(json), context, cancel).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        AdminConnection connection, EventStart start, bool isFollowing, bool isJson, CommandContext context, CancellationToken cancel)
    {
        var since = start.AfterId;
        while (true)
        {
            var asked = await connection.EventsAsync(since, cancel).ConfigureAwait(false);
            if (asked.TryGet(out var page, out var failure))
            {
                var isMissing = start.From is { } from ? page.Events.IsEmpty || page.Events[0].Time > from : true;
                if (!page.IsComplete && isMissing)
                    await context.Error.WriteLineAsync("(older events are no longer kept)").ConfigureAwait(false);
                foreach (var change in page.Events.Where(change => change.Time >= (start.From ?? DateTimeOffset.MinValue)))
                    await context.Out.WriteLineAsync(isJson ? JsonSerializer.Serialize(change, FailoverJson.Default.RoutingEvent) : LineOf(change)).ConfigureAwait(false);
                await context.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                since = Math.Max(since, page.Last);
            }
            else if (!isFollowing)
            {
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
            }

            if (!isFollowing || cancel.IsCancellationRequested)
                return ExitStatus.Ok;
            await Task.Delay(Pause, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancel.IsCancellationRequested)
                return ExitStatus.Ok;
        }
    }

    /// <summary>An event in a line.</summary>
    internal static string LineOf(RoutingEvent change)
    {
        var what = change.Kind switch
        {
            RoutingEventKind.State => $"{RegionWords.Of(change.From)} -> {RegionWords.Of(change.To)}",
            RoutingEventKind.Share => string.Create(CultureInfo.InvariantCulture, $"owns {change.Share} % of its keys"),
            var kind => kind.ToString().ToLowerInvariant(),
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{change.Id,5}  {change.Time:yyyy-MM-dd HH:mm:ss}  {change.Region,-12} {what}: {change.Reason} ({change.Who})");
    }
}
