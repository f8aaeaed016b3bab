using System.Text;
using static ProxyCluster.Drills.Reports.SinglePage;

namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>
/// Findings as one HTML page: a bar from the lower to the upper end of the half of all rounds around the median, which is a
/// mark in it. Ratios of one figure share a scale, with a line at 1.
/// </summary>
internal static class FindingsPage
{
    private const double Left = 200, Width = 600, Row = 26;

    /// <summary>The page.</summary>
    public static string Render(string title, string words, IEnumerable<Finding> findings)
    {
        var page = Open(title);
        page.Append("<h1>").Append(Text(title)).Append("</h1>\n<p class=\"soft\">").Append(Text(words)).Append("</p>\n");
        foreach (var figure in findings.GroupBy(static finding => finding.Figure, StringComparer.Ordinal))
            AppendFigure(page, figure.Key, [.. figure]);
        return Close(page);
    }

    private static void AppendFigure(StringBuilder page, string figure, List<Finding> findings)
    {
        var most = Math.Max(1.2, findings.Max(static finding => finding.Value.High) * 1.05);
        var height = (Row * findings.Count) + 24;
        page.Append("<h2>").Append(Text(figure)).Append("</h2>\n").Append(Invariant(
            $"<svg viewBox=\"0 0 {Left + Width + 180} {height}\" role=\"img\" aria-label=\"{Text(figure)}\">\n"));
        page.Append(Invariant($"<line x1=\"{X(1, most)}\" x2=\"{X(1, most)}\" y1=\"0\" y2=\"{height - 18}\" stroke=\"var(--soft)\" stroke-dasharray=\"3 3\"/>"))
            .Append(Invariant($"<text x=\"{X(1, most)}\" y=\"{height - 4}\" text-anchor=\"middle\">1</text>\n"));
        foreach (var (number, finding) in findings.Index())
        {
            var (y, value) = (number * Row, finding.Value);
            page.Append(Invariant($"<text x=\"{Left - 8}\" y=\"{y + 17}\" text-anchor=\"end\">{Text(finding.Subject)}</text>"))
                .Append(Invariant($"<rect x=\"{X(value.Low, most)}\" y=\"{y + 6}\" width=\"{Math.Max(2, X(value.High, most) - X(value.Low, most))}\" height=\"{Row - 12}\" fill=\"var(--p50)\" opacity=\"0.4\"/>"))
                .Append(Invariant($"<rect x=\"{X(value.Median, most) - 1.5}\" y=\"{y + 3}\" width=\"3\" height=\"{Row - 6}\" fill=\"var(--p50)\"/>"))
                .Append(Invariant($"<text x=\"{Left + Width + 8}\" y=\"{y + 17}\">{value.Median:0.00} ({Text(finding.Notes)})</text>\n"));
        }

        page.Append("</svg>\n");
    }

    private static double X(double ratio, double most) => Math.Round(Left + (Width * ratio / most), 1);
}
