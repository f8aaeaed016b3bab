using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ProxyCluster.Admin;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ProxyCluster.Cli.Operators;

/// <summary><c>clients</c>: who asks a member most, is refused most and waits most.</summary>
internal static class ClientsVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("clients", "Show which clients ask a member most, are refused most, and wait most for a turn.");
        var flags = AdminConnection.Flags.AddTo(command);
        var isLong = new Option<bool>("--ten-minutes") { Description = "Of the last ten minutes; default the last one." };
        var json = new Option<bool>("--json") { Description = "Print both, as JSON." };
        command.Options.Add(isLong);
        command.Options.Add(json);
        Examples.Attach(command,
            "proxycluster clients --url http://10.0.0.5:8080 --token-file ~/.proxycluster-token",
            "proxycluster clients --token-file token --json | jq '.minute.byRefused[0]'");
        command.SetAction(async (parsed, cancel) =>
        {
            if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            using (connection)
            {
                var asked = await connection.ClientsAsync(cancel).ConfigureAwait(false);
                if (!asked.TryGet(out var answer, out failure))
                    return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
                if (parsed.GetValue(json))
                    await context.Out.WriteLineAsync(JsonSerializer.Serialize(answer, ClientsJson.Default.ClientsAnswer)).ConfigureAwait(false);
                else
                    OperatorAnswers.Console(context).Write(Render(answer, parsed.GetValue(isLong)));
                return ExitStatus.Ok;
            }
        });
        return command;
    }

    // Each figure with its part of everybody's, and whoever has the largest part of anything first.
    private static Table Render(ClientsAnswer answer, bool isLong)
    {
        var window = isLong ? answer.TenMinutes : answer.Minute;
        var total = window.Total;
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumn("client");
        foreach (var name in (ReadOnlySpan<string>)["requests", "", "refused", "", "in queues", ""])
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var line in window.ByRequests.Concat(window.ByRefused).Concat(window.ByQueueTime).Distinct().OrderByDescending(Largest))
            table.AddRow(Cells(line.Client ?? "", line));
        table.AddRow(Cells("others, not told apart", window.Untracked));
        table.AddRow(Cells("all", total));
        table.Caption = new TableTitle(Markup.Escape(string.Create(
            CultureInfo.InvariantCulture, $"{(isLong ? "last ten minutes" : "last minute")} of {answer.By}, {window.Clients} clients, {answer.Time:HH:mm:ss} UTC")));
        return table;

        double Largest(ClientLine line) => Math.Max(
            Part(line.Requests, total.Requests), Math.Max(Part(line.Refused, total.Refused), Part(line.QueueSeconds, total.QueueSeconds)));

        IEnumerable<IRenderable> Cells(string name, ClientLine line) =>
        [
            new Text(name),
            .. Cell(line.Requests, total.Requests, "0"),
            .. Cell(line.Refused, total.Refused, "0"),
            .. Cell(line.QueueSeconds, total.QueueSeconds, "0.0 's'"),
        ];
    }

    private static Text[] Cell(double value, double total, string format)
    {
        var part = Part(value, total);
        var style = part > 0.5 && value < total ? new Style(Color.Red) : Style.Plain;
        return [new(value.ToString(format, CultureInfo.InvariantCulture), style), new(total > 0 ? part.ToString("0%", CultureInfo.InvariantCulture) : "", style)];
    }

    private static double Part(double value, double total) => total > 0 ? value / total : 0;
}
