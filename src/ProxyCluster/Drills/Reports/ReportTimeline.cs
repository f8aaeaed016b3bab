using System.Text;
using static ProxyCluster.Drills.Reports.SinglePage;

namespace ProxyCluster.Drills.Reports;

/// <summary>
/// The picture of a drill, as SVG: requests and failures, latency, and regions' states above one another on one time
/// axis, with lines where something happened.
/// </summary>
internal static class ReportTimeline
{
    private const double Left = 90;
    private const double Width = 900;
    private const double BarsTop = 34, BarsHeight = 110;
    private const double LatencyTop = 172, LatencyHeight = 110;
    private const double StatesTop = 312, StateHeight = 22;
    private const double SliceMs = 250;

    /// <summary>Draws it.</summary>
    public static string Render(DrillReport report)
    {
        var regions = report.States.Select(static state => state.Region).Append(report.Region)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var height = StatesTop + (StateHeight * regions.Count) + 34;
        var end = Math.Max(report.MomentsMs.End, 1);
        var svg = new StringBuilder();
        svg.Append(Invariant($"<svg viewBox=\"0 0 {Left + Width + 20} {height}\" role=\"img\" aria-label=\"Requests, latency and region states over time\">\n"));
        AppendTrouble(svg, report, end, height);
        AppendBars(svg, report, end);
        AppendLatency(svg, report, end);
        AppendStates(svg, report, regions, end);
        AppendAxis(svg, end, height);
        return svg.Append("</svg>\n").ToString();
    }

    // Moments that lie close together get their words on different heights.
    private static void AppendTrouble(StringBuilder svg, DrillReport report, double end, double height)
    {
        var moments = report.MomentsMs;
        svg.Append(Invariant(
            $"<rect x=\"{X(moments.Inject, end)}\" y=\"{BarsTop}\" width=\"{X(moments.Heal, end) - X(moments.Inject, end)}\" height=\"{height - BarsTop - 24}\" fill=\"var(--calm)\"/>\n"));
        var row = 0;
        foreach (var (at, name) in new[]
            { (moments.Inject, "trouble"), (moments.Detected, "noticed"), (moments.Rerouted, "re-routed"), ((double?)moments.Heal, "healed"), (moments.Recovered, "as before") })
        {
            if (at is not { } moment)
                continue;
            var x = X(moment, end);
            svg.Append(Invariant($"<line x1=\"{x}\" x2=\"{x}\" y1=\"{BarsTop}\" y2=\"{height - 24}\" stroke=\"var(--soft)\" stroke-dasharray=\"3 3\"/>"))
                .Append(Invariant($"<text x=\"{x + 3}\" y=\"{10 + (row++ % 2 * 13)}\">{name} {moment / 1000:0.0} s</text>\n"));
        }
    }

    private static void AppendBars(StringBuilder svg, DrillReport report, double end)
    {
        var most = Math.Max(1, report.Timeline.Select(static slice => slice.Ok + slice.Failed + slice.Unobtainable).DefaultIfEmpty().Max());
        Label(svg, BarsTop, "requests/s", most * 1000 / SliceMs);
        var width = Math.Max(0.6, (Width * SliceMs / end) - 0.4);
        foreach (var slice in report.Timeline)
        {
            var bottom = BarsTop + BarsHeight;
            foreach (var (count, colour) in new[] { (slice.Ok, "var(--ok)"), (slice.Unobtainable, "var(--warn)"), (slice.Failed, "var(--bad)") })
            {
                if (count == 0)
                    continue;
                // A single failure among hundreds must still be seen.
                var tall = Math.Max(2, BarsHeight * count / most);
                bottom -= tall;
                svg.Append(Invariant($"<rect x=\"{X(slice.AtMs, end)}\" y=\"{bottom}\" width=\"{width}\" height=\"{tall}\" fill=\"{colour}\"/>"));
            }
        }

        svg.Append('\n');
    }

    // Logarithmic: a hit takes less than a millisecond, a hedged request seconds.
    private static void AppendLatency(StringBuilder svg, DrillReport report, double end)
    {
        var most = Math.Max(10, report.Timeline.Select(static slice => slice.P99).DefaultIfEmpty().Max());
        Label(svg, LatencyTop, "latency, ms", most);
        foreach (var (name, colour, value) in new (string, string, Func<TimelineSlice, double>)[]
            { ("p50", "var(--p50)", static slice => slice.P50), ("p99", "var(--p99)", static slice => slice.P99) })
        {
            svg.Append("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"").Append(colour).Append("\" points=\"");
            foreach (var slice in report.Timeline.Where(static slice => slice.Ok > 0))
                svg.Append(Invariant($"{X(slice.AtMs + (SliceMs / 2), end)},{Y(value(slice), most)} "));
            svg.Append("\"/>").Append(Invariant($"<text x=\"{(name == "p50" ? 8 : 40)}\" y=\"{LatencyTop + 32}\" style=\"fill:{colour}\">{name}</text>\n"));
        }
    }

    private static void AppendStates(StringBuilder svg, DrillReport report, List<string> regions, double end)
    {
        foreach (var (row, region) in regions.Index())
        {
            var y = StatesTop + (row * StateHeight);
            svg.Append(Invariant($"<text x=\"8\" y=\"{y + 15}\">{Text(region)}</text>"));
            var states = report.States.Where(state => state.Region == region).ToList();
            foreach (var (index, state) in states.Index())
            {
                var from = X(state.AtMs, end);
                var to = index + 1 < states.Count ? X(states[index + 1].AtMs, end) : X(end, end);
                svg.Append(Invariant($"<rect x=\"{from}\" y=\"{y + 2}\" width=\"{Math.Max(1, to - from)}\" height=\"{StateHeight - 4}\" fill=\"{ColourOf(state.State)}\"/>"));
                if (to - from > 60)
                    svg.Append(Invariant($"<text x=\"{from + 4}\" y=\"{y + 15}\" style=\"fill:#fff\">{Text(state.State)}</text>"));
            }

            svg.Append('\n');
        }
    }

    private static void AppendAxis(StringBuilder svg, double end, double height)
    {
        var step = new double[] { 1, 2, 5, 10, 20, 30, 60, 120, 300 }.First(seconds => end / 1000 / seconds <= 12 || seconds == 300);
        for (var second = 0.0; second * 1000 <= end; second += step)
            svg.Append(Invariant($"<text x=\"{X(second * 1000, end)}\" y=\"{height - 8}\">{second:0} s</text>"));
        svg.Append('\n');
    }

    private static void Label(StringBuilder svg, double top, string name, double most) => svg
        .Append(Invariant($"<text x=\"8\" y=\"{top + 10}\">{name}</text><text x=\"{Left - 8}\" y=\"{top + 10}\" text-anchor=\"end\" dy=\"12\">{ReportText.Number(most)}</text>\n"));

    private static double X(double ms, double end) => Math.Round(Left + (Width * Math.Min(ms, end) / end), 1);

    private static double Y(double ms, double most) =>
        Math.Round(LatencyTop + LatencyHeight - (LatencyHeight * Math.Log10(1 + ms) / Math.Log10(1 + most)), 1);

    private static string ColourOf(string state) => state.Split(' ')[0] switch
    {
        "active" => "var(--ok)",
        "failed" => "var(--bad)",
        "drained" => "var(--soft)",
        _ => "var(--warn)",
    };
}
