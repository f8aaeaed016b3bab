using System.Globalization;
using System.Net;
using System.Text;

namespace ProxyCluster.Drills.Reports;

/// <summary>
/// A report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere, so that it can be
/// attached to a ticket and still be read in ten years.
/// </summary>
internal static class ReportPage
{
    private const string Style =
        """
        :root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --soft: #687386; --line: #d9dee7;
          --ok: #3c8a5c; --bad: #c43c3c; --warn: #d08a1d; --p50: #3a6fb5; --p99: #8a4fb0; --calm: #e8edf4; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --paper: #14181f; --soft: #98a3b5; --line: #323a48;
          --ok: #5fb583; --bad: #ee6b6b; --warn: #e5ad4e; --p50: #78a9e8; --p99: #c08fe3; --calm: #222934; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1040px; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin: 0 0 .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        .verdict { display: inline-block; padding: .1rem .6rem; border-radius: .3rem; color: #fff; font-weight: 600; }
        .passed { background: var(--ok); } .broken { background: var(--bad); }
        .soft { color: var(--soft); } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; } td.n, th.n { text-align: right; }
        .figures { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: 1rem 0; } .figures b { display: block; font-size: 1.35rem; }
        svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
        .scroll { overflow-x: auto; } li { margin: .15rem 0; overflow-wrap: anywhere; }
        """;

    /// <summary>The page.</summary>
    public static string Render(DrillReport report)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Append("<title>").Append(Text($"Drill {report.Scenario}")).Append("</title><style>").Append(Style).Append("</style></head><body>\n");
        page.Append("<h1>Drill: ").Append(Text(report.Scenario)).Append(" <span class=\"verdict ")
            .Append(report.Passed ? "passed\">passed" : "broken\">failed").Append("</span></h1>\n");
        page.Append("<p class=\"soft\">").Append(Text(Invariant(
            $"{report.Summary}; region {report.Region}, {report.Rate:0.#} requests per second, {report.ModuleVersions} module versions, {(report.Store is { } store ? $"store {store}, " : "")}seed {report.Seed}, ProxyCluster {report.Version}, {report.Time:yyyy-MM-dd HH:mm} UTC")))
            .Append("</p>\n");
        AppendFigures(page, report);
        page.Append("<h2>What happened when</h2>\n").Append(ReportTimeline.Render(report));
        AppendLatencies(page, report);
        AppendThresholds(page, report);
        AppendList(page, "Failures by cause", report.FailuresByCause.Select(static cause => Invariant($"{cause.Value} × {cause.Key}")));
        AppendList(page, "Seen", report.Remarks);
        page.Append("<p class=\"soft\">").Append(Text(ReportText.Comparison)).Append("</p>\n</body></html>\n");
        return page.ToString();
    }

    private static void AppendFigures(StringBuilder page, DrillReport report)
    {
        page.Append("<div class=\"figures\">");
        Figure("requests", ReportText.Number(report.Requests));
        Figure("failed", ReportText.Number(report.Failed));
        Figure("wrong bytes", ReportText.Number(report.WrongBytes));
        Figure("objects lost", ReportText.Number(report.ObjectsLost));
        Figure("time to detect", Ms(report.DetectMs));
        Figure("time to re-route", Ms(report.RerouteMs));
        Figure("time to recover", Ms(report.RecoverMs));
        if (report.UpstreamFetchesPerArtifactMax is { } most)
            Figure("most upstream fetches of one artifact", ReportText.Number(most));
        page.Append("</div>\n<p>").Append(Text(ReportText.Counts(report))).Append("</p>\n");

        void Figure(string name, string value) =>
            page.Append("<div><b>").Append(Text(value)).Append("</b><span class=\"soft\">").Append(Text(name)).Append("</span></div>");
    }

    private static void AppendLatencies(StringBuilder page, DrillReport report)
    {
        page.Append("<h2>Latency of what was answered, ms</h2>\n<div class=\"scroll\"><table><tr><th>phase</th>");
        foreach (var name in (ReadOnlySpan<string>)["answered", "p50", "p99", "p99.9", "slowest"])
            page.Append("<th class=\"n\">").Append(name).Append("</th>");
        page.Append("</tr>\n");
        foreach (var (name, latency) in ReportText.PhasesOf(report))
        {
            page.Append("<tr><td>").Append(Text(name)).Append("</td>");
            foreach (var value in (ReadOnlySpan<double>)[latency.Count, latency.P50, latency.P99, latency.P999, latency.Max])
                page.Append("<td class=\"n\">").Append(ReportText.Number(value)).Append("</td>");
            page.Append("</tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void AppendThresholds(StringBuilder page, DrillReport report)
    {
        page.Append("<h2>What had to hold</h2>\n<div class=\"scroll\"><table><tr><th></th><th>what</th><th class=\"n\">came to</th><th class=\"n\">at most</th></tr>\n");
        foreach (var threshold in report.Thresholds)
        {
            page.Append("<tr><td>").Append(threshold.Holds ? "ok" : "<b>broken</b>").Append("</td><td>").Append(Text(threshold.Name))
                .Append("</td><td class=\"n\">").Append(threshold.Value is { } value ? ReportText.Number(value) : "never")
                .Append("</td><td class=\"n\">").Append(ReportText.Number(threshold.Limit)).Append("</td></tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void AppendList(StringBuilder page, string title, IEnumerable<string> lines)
    {
        var items = lines.ToList();
        if (items.Count == 0)
            return;
        page.Append("<h2>").Append(Text(title)).Append("</h2>\n<ul>");
        foreach (var item in items)
            page.Append("<li>").Append(Text(item)).Append("</li>\n");
        page.Append("</ul>\n");
    }

    private static string Ms(double? value) => value is { } ms ? ReportText.Number(ms) + " ms" : "–";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
