using System.Buffers;
using System.Globalization;
using System.Text;
using ProxyCluster.Audit;
using ProxyCluster.Cli.Operators;
using Spectre.Console;

namespace ProxyCluster.Cli.Auditing;

/// <summary>How lines of the audit log are shown.</summary>
internal static class AuditPrint
{
    private static readonly (string Name, Func<AuditLine, string?> Of)[] Columns =
    [
        ("time", static line => line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        .. AuditLine.Texts,
        ("policy", static line => line.Policy?.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>Prints them: one at a time, but for a table, which is as wide as its widest cells.</summary>
    public static async Task WriteAsync(IAsyncEnumerable<AuditLine> lines, string format, CommandContext context, CancellationToken cancel)
    {
        if (format == "table")
        {
            await TableAsync(lines, context, cancel).ConfigureAwait(false);
            return;
        }

        if (format == "csv")
            await context.Out.WriteLineAsync(string.Join(',', Columns.Select(static column => column.Name))).ConfigureAwait(false);
        var json = new ArrayBufferWriter<byte>();
        await using var writer = AuditLine.NewWriter(json);
        await foreach (var line in lines.WithCancellation(cancel).ConfigureAwait(false))
        {
            if (format == "csv")
            {
                await context.Out.WriteLineAsync(string.Join(',', Columns.Select(column => Quoted(column.Of(line))))).ConfigureAwait(false);
                continue;
            }

            json.ResetWrittenCount();
            line.Write(json, writer);
            await context.Out.WriteLineAsync(Encoding.UTF8.GetString(json.WrittenSpan)).ConfigureAwait(false);
        }
    }

    private static async Task TableAsync(IAsyncEnumerable<AuditLine> lines, CommandContext context, CancellationToken cancel)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumn(new TableColumn("time") { NoWrap = true });
        foreach (var name in (ReadOnlySpan<string>)["event", "what", "who", "why", "where"])
            table.AddColumn(name);
        var count = 0;
        await foreach (var line in lines.WithCancellation(cancel).ConfigureAwait(false))
        {
            count++;
            table.AddRow([.. Cells(line).Select(static cell => Markup.Escape(ShownText.Of(cell)))]);
        }

        if (count > 0)
            OperatorAnswers.Console(context).Write(table);
        await context.Out.WriteLineAsync(count == 1 ? "1 line" : string.Create(CultureInfo.InvariantCulture, $"{count} lines")).ConfigureAwait(false);
    }

    private static string[] Cells(AuditLine line) =>
    [
        line.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        line.Event,
        Joined("", line.Module, line.Version is null ? null : "@" + line.Version, line.Artifact is null ? null : " " + line.Artifact),
        Joined(" ", line.By, ClientOf(line)),
        Joined(" ", line.Policy is { } number ? string.Create(CultureInfo.InvariantCulture, $"policy {number}") : null, line.Rule, line.Check, line.Event is "block" or "allow" ? null : line.Text),
        line.Region ?? "",
    ];

    /// <summary>Who asked, in one text; null where nobody did.</summary>
    public static string? ClientOf(AuditLine line) =>
        Joined(" ", line.Subject, line.Address, line.Namespace is null ? null : "ns/" + line.Namespace, line.Build is null ? null : "build " + line.Build) is { Length: > 0 } client ? client : null;

    private static string Joined(string between, params IEnumerable<string?> parts) => string.Join(between, parts.Where(static part => part is not null));

    // RFC 4180. Strangers choose some of it, and a spreadsheet takes what begins like this for a formula.
    private static string Quoted(string? cell)
    {
        if (cell is null)
            return "";
        var text = ShownText.Of(cell);
        if (text is ['=' or '+' or '-' or '@', ..])
            text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
