using System.Text;
using ProxyCluster.Drills.Reports;
using static ProxyCluster.Drills.Reports.SinglePage;

namespace ProxyCluster.Benchmarks.Trace.Reports;

/// <summary>Values over the hours of a trace, a line for each region, as SVG.</summary>
internal static class LineChart
{
    private const double Left = 70, Top = 10, Width = 900, Height = 200;
    private const double LegendRow = 16, LegendColumn = 120;

    /// <summary>Draws it.</summary>
    /// <param name="label">What it shows, for those who cannot see it.</param>
    /// <param name="series">Each region's name and values; NaN where an hour has none.</param>
    /// <param name="most">The top of the scale, which begins at 0.</param>
    /// <param name="unit">What stands behind a figure.</param>
    public static string Render(string label, IReadOnlyList<(string Name, IReadOnlyList<double> Values)> series, double most, string unit)
    {
        var hours = series.Max(static one => one.Values.Count);
        var perRow = (int)(Width / LegendColumn);
        var bottom = Top + Height;
        var svg = new StringBuilder(Invariant(
            $"<svg viewBox=\"0 0 {Left + Width + 20} {bottom + 40 + (LegendRow * ((series.Count - 1) / perRow))}\" role=\"img\" aria-label=\"{Text(label)}\">\n"));
        for (var quarter = 0; quarter <= 4; quarter++)
        {
            var y = bottom - (Height * quarter / 4);
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{Left + Width}\" y1=\"{y}\" y2=\"{y}\" stroke=\"var(--line)\"/>"))
                .Append(Invariant($"<text x=\"{Left - 6}\" y=\"{y + 4}\" text-anchor=\"end\">{ReportText.Number(most * quarter / 4)}{unit}</text>\n"));
        }

        for (var hour = 0; hour <= hours; hour += Math.Max(1, hours / 12))
            svg.Append(Invariant($"<text x=\"{X(hour, hours)}\" y=\"{bottom + 16}\">{hour} h</text>"));
        foreach (var (number, (name, values)) in series.Index())
        {
            var colour = ColourOf(number, series.Count);
            svg.Append("\n<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"").Append(colour).Append("\" points=\"");
            foreach (var (hour, value) in values.Index().Where(static point => !double.IsNaN(point.Item)))
                svg.Append(Invariant($"{X(hour + 0.5, hours)},{Math.Round(bottom - (Height * Math.Min(1, value / most)), 1)} "));
            svg.Append("\"/>").Append(Invariant(
                $"<text x=\"{Left + (LegendColumn * (number % perRow))}\" y=\"{bottom + 34 + (LegendRow * (number / perRow))}\" style=\"fill:{colour}\">{Text(name)}</text>"));
        }

        return svg.Append("\n</svg>\n").ToString();
    }

    private static double X(double hour, int hours) => Math.Round(Left + (Width * hour / hours), 1);

    private static string ColourOf(int number, int count) => Invariant($"hsl({360 * number / count} 60% 45%)");
}
