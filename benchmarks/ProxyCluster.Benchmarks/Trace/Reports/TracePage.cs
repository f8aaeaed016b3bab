using System.Text;
using static ProxyCluster.Drills.Reports.SinglePage;

namespace ProxyCluster.Benchmarks.Trace.Reports;

/// <summary>A result as one HTML page with charts.</summary>
internal static class TracePage
{
    private const double Left = 110, Width = 860, Row = 24;

    private static readonly (string Name, string Colour, Func<ByOrigin, long> Of)[] Origins =
    [
        ("local", "var(--ok)", static by => by.Local),
        ("from a peer region", "var(--p50)", static by => by.Peer),
        ("from upstream", "var(--warn)", static by => by.Upstream),
        ("from nowhere", "var(--bad)", static by => by.Nowhere),
    ];

    /// <summary>The page.</summary>
    public static string Render(TraceResult result)
    {
        var page = Open("Trace");
        page.Append("<h1>Trace</h1>\n<p class=\"soft\">").Append(Text(TraceTable.Words(result))).Append("</p>\n");
        page.Append("<h2>Requests that a silo of the client's region had, hour by hour</h2>\n").Append(LineChart.Render(
            "Hit ratio over time", [.. result.Regions.Select(static region => (region.Name, Ratios(region)))], 100, " %"));
        page.Append("<h2>Where each artifact came from</h2>\n");
        AppendOrigins(page, result);
        var most = Math.Max(0.1, result.Regions.Max(static region => region.StoredByHour.DefaultIfEmpty().Max() / (double)(1L << 30)));
        page.Append("<h2>Stored in all silos of a region, GiB</h2>\n").Append(LineChart.Render(
            "Storage over time", [.. result.Regions.Select(static region => (region.Name, Stored(region)))], most, ""));
        AppendTraffic(page, result);
        page.Append("<h2>Besides</h2>\n<ul>");
        foreach (var fact in TraceTable.Facts(result).Concat(result.Events))
            page.Append("<li>").Append(Text(fact)).Append("</li>\n");
        page.Append("</ul>\n");
        return Close(page);
    }

    private static IReadOnlyList<double> Ratios(RegionResult region) =>
        [.. region.Hours.Select(static hour => hour.Requests == 0 ? double.NaN : 100 * hour.HitRatio)];

    private static IReadOnlyList<double> Stored(RegionResult region) => [.. region.StoredByHour.Select(static bytes => bytes / (double)(1L << 30))];

    private static void AppendOrigins(StringBuilder page, TraceResult result)
    {
        var bars = result.Regions.SelectMany(static region => ((string, ByOrigin)[])
            [($"{region.Name} .info", region.Info), (".mod", region.Mod), (".zip", region.Zip)]).ToList();
        page.Append(Invariant($"<svg viewBox=\"0 0 {Left + Width + 20} {(Row * bars.Count) + 30}\" role=\"img\" aria-label=\"Where artifacts came from\">\n"));
        foreach (var (number, (name, by)) in bars.Index())
        {
            var (x, y) = (Left, number * Row);
            page.Append(Invariant($"<text x=\"{Left - 6}\" y=\"{y + 15}\" text-anchor=\"end\">{Text(name)}</text>"));
            foreach (var (origin, colour, of) in Origins)
            {
                var wide = by.Requests == 0 ? 0 : Math.Round(Width * of(by) / by.Requests, 1);
                page.Append(Invariant($"<rect x=\"{Math.Round(x, 1)}\" y=\"{y + 3}\" width=\"{wide}\" height=\"{Row - 6}\" fill=\"{colour}\"><title>{of(by)} {origin}</title></rect>"));
                x += wide;
            }

            page.Append('\n');
        }

        foreach (var (number, (origin, colour, _)) in Origins.Index())
            page.Append(Invariant($"<text x=\"{Left + (number * 160)}\" y=\"{(Row * bars.Count) + 20}\" style=\"fill:{colour}\">{origin}</text>"));
        page.Append("\n</svg>\n");
    }

    private static void AppendTraffic(StringBuilder page, TraceResult result)
    {
        page.Append("<h2>GiB from a region (row) to another (column), and from upstream</h2>\n<div class=\"scroll\"><table><tr><th></th>");
        foreach (var region in result.Regions)
            page.Append("<th class=\"n\">").Append(Text(region.Name)).Append("</th>");
        page.Append("</tr>\n");
        foreach (var (from, row) in result.BytesBetween.Index())
            AppendRow(page, result.Regions[from].Name, row);
        AppendRow(page, "upstream", result.Regions.Select(static region => region.UpstreamBytes));
        page.Append("</table></div>\n");
    }

    private static void AppendRow(StringBuilder page, string name, IEnumerable<long> row)
    {
        page.Append("<tr><td>").Append(Text(name)).Append("</td>");
        foreach (var bytes in row)
            page.Append("<td class=\"n\">").Append(TraceTable.Gib(bytes)).Append("</td>");
        page.Append("</tr>\n");
    }
}
