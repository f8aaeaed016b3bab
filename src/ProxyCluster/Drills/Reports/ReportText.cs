using System.Globalization;
using ProxyCluster.Drills.Load;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ProxyCluster.Drills.Reports;

/// <summary>A report for people at a terminal. Pure functions.</summary>
internal static class ReportText
{
    /// <summary>What others measured, to compare with.</summary>
    public const string Comparison =
        "For comparison, published for comparable systems: 2.3 minutes mean time to recover, 860 ms mean time to mask a fault.";

    /// <summary>The report as tables.</summary>
    public static IRenderable Render(DrillReport report)
    {
        var phases = new Table { Border = TableBorder.Rounded, Title = new TableTitle("latency, ms") };
        phases.AddColumn("phase");
        foreach (var name in (ReadOnlySpan<string>)["answered", "p50", "p99", "p99.9", "slowest"])
            phases.AddColumn(new TableColumn(name).RightAligned());
        foreach (var (name, latency) in PhasesOf(report))
        {
            phases.AddRow(
                name, Number(latency.Count), Number(latency.P50), Number(latency.P99), Number(latency.P999), Number(latency.Max));
        }

        var limits = new Table { Border = TableBorder.Rounded, Title = new TableTitle("what had to hold") };
        limits.AddColumns("", "what");
        limits.AddColumn(new TableColumn("came to").RightAligned());
        limits.AddColumn(new TableColumn("at most").RightAligned());
        foreach (var threshold in report.Thresholds)
        {
            limits.AddRow(
                new Text(threshold.Holds ? "ok" : "BROKEN", threshold.Holds ? Color.Green : Color.Red),
                new Text(threshold.Name),
                new Text(threshold.Value is { } value ? Number(value) : "never"),
                new Text(Number(threshold.Limit)));
        }

        return new Rows(
        [
            new Text(Headline(report), new Style(report.Passed ? Color.Green : Color.Red, decoration: Decoration.Bold)),
            new Text(Counts(report)),
            .. report.FailuresByCause.Select(static cause => new Text($"  {cause.Value} x {cause.Key}")),
            phases,
            limits,
            .. report.Remarks.Select(static remark => new Text("  " + remark)),
            new Text(Comparison),
        ]);
    }

    /// <summary>The phases in the order in which they came, with the names that people read.</summary>
    public static IEnumerable<(string Name, LatencySummary Latency)> PhasesOf(DrillReport report) =>
    [
        ("before", report.LatencyMs.Before),
        ("while traffic moved", report.LatencyMs.Switch),
        ("during the trouble", report.LatencyMs.During),
        ("after it", report.LatencyMs.After),
    ];

    /// <summary>One line: what was rehearsed, and whether it went well.</summary>
    public static string Headline(DrillReport report) =>
        $"{(report.Passed ? "PASSED" : "FAILED")}  {report.Scenario}: {report.Summary}";

    /// <summary>The counts in a sentence or two.</summary>
    public static string Counts(DrillReport report)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Requests} requests, {report.Failed} failed, {report.WrongBytes} with wrong bytes, {report.SecondDoor} answered by the client's second front end; ");
        if (report.Unobtainable > 0)
            text += string.Create(CultureInfo.InvariantCulture, $"{report.Unobtainable} for what only upstream had, which was away; ");
        text += string.Create(
            CultureInfo.InvariantCulture,
            $"{report.ObjectsLost} objects lost");
        text += report.UpstreamFetchesPerArtifactMax is { } most
            ? string.Create(CultureInfo.InvariantCulture, $"; upstream sent no artifact more than {most} times, {report.DuplicateUpstreamFetches} more than once.")
            : "; how often upstream was asked is not known of a cluster that the drill did not start.";
        return report.GoRuns == 0
            ? text
            : text + string.Create(CultureInfo.InvariantCulture, $" go mod download: {report.GoRuns} runs, {report.GoRepeated} run again, {report.GoFailures} failed.");
    }

    /// <summary>A figure as people read it.</summary>
    public static string Number(double value) => value.ToString(value < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture);
}
