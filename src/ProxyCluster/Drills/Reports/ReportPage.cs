using System.Text;
using static ProxyCluster.Drills.Reports.SinglePage;

namespace ProxyCluster.Drills.Reports;

/// <summary>A report as one HTML page.</summary>
internal static class ReportPage
{
    /// <summary>The page.</summary>
    public static string Render(DrillReport report)
    {
        var page = SinglePage.Open($"Drill {report.Scenario}");
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
        page.Append("<p class=\"soft\">").Append(Text(ReportText.Comparison)).Append("</p>\n");
        return SinglePage.Close(page);
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
}
