using System.Globalization;
using ProxyCluster.Failover;
using ProxyCluster.Routing;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ProxyCluster.Cli.Operators;

/// <summary>The cluster's status as a table. Pure functions.</summary>
internal static class ClusterTable
{
    /// <summary>Each region with its sums, below it its members.</summary>
    public static IRenderable Render(ClusterStatus status)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("region", "member", "state");
        foreach (var name in (ReadOnlySpan<string>)["req/s", "errors", "p95 ms", "hits", "in flight", "owed copies", "disk free", "heard"])
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var region in status.Regions)
        {
            table.AddRow(
                new Text(region.Name, new Style(decoration: Decoration.Bold)),
                new Text(""),
                new Text(StateOf(region), StyleOf(region.State)),
                Cell(region.Traffic.RequestRate, "0.#"),
                Cell(region.Traffic.ErrorRate, "0.#%"),
                Cell(region.Traffic.P95Milliseconds, "0.#"),
                Cell(region.Traffic.HitRatio, "0%"),
                Cell(region.InFlight, "0"),
                Cell(region.PendingCopies, "0"),
                new Text(""),
                new Text(""));
            foreach (var member in region.Members)
                AddMember(table, member);
        }

        table.Caption = new TableTitle(Markup.Escape(Caption(status)));
        var notes = status.Regions.SelectMany(Notes).Select(static note => new Text(note)).ToList();
        return new Rows([table, .. notes]);
    }

    private static void AddMember(Table table, ClusterMember member)
    {
        var report = member.Report;
        table.AddRow(
            new Text(""),
            new Text($"{member.Id} ({member.Role.ToString().ToLowerInvariant()})"),
            new Text(TroubleOf(member), report?.Store?.IsOk == false || member.HeardAgo is null or > 3 ? new Style(Color.Red) : Style.Plain),
            Cell(report?.Traffic.RequestRate, "0.#"),
            Cell(report?.Traffic.ErrorRate, "0.#%"),
            Cell(report?.Traffic.P95Milliseconds, "0.#"),
            Cell(report?.Traffic.HitRatio, "0%"),
            Cell(report?.InFlight, "0"),
            Cell(report?.PendingCopies, "0"),
            new Text(report?.Store is { TotalBytes: > 0 } store ? Percent(store.FreeBytes, store.TotalBytes) : ""),
            new Text(member.HeardAgo is { } ago ? ago.ToString("0.0 's'", CultureInfo.InvariantCulture) : "never"));
    }

    private static string StateOf(ClusterRegion region)
    {
        var state = RegionWords.Of(region.State);
        return region.State == RegionState.Recovering
            ? string.Create(CultureInfo.InvariantCulture, $"{state} {region.Share} %")
            : region is { State: RegionState.Drained, Intent.IsDone: false } ? state + ", work in flight" : state;
    }

    private static string TroubleOf(ClusterMember member)
    {
        var trouble = new List<string>();
        if (member.Report is { } report)
        {
            if (report.Store is { IsOk: false } store)
                trouble.Add("store: " + store.Trouble);
            trouble.AddRange(report.Upstreams.Where(static upstream => !upstream.IsReachable).Select(static upstream => $"upstream {upstream.Name} {upstream.Breaker}"));
            if (report.Engine.IsDegraded)
                trouble.Add("engine degraded");
        }

        return trouble.Count == 0 ? "ok" : string.Join("; ", trouble);
    }

    private static IEnumerable<string> Notes(ClusterRegion region)
    {
        if (region.State != RegionState.Active)
            yield return string.Create(CultureInfo.InvariantCulture, $"{region.Name} is {RegionWords.Of(region.State)} since {region.Since:yyyy-MM-dd HH:mm:ss} UTC: {region.Reason}");
        if (region.Intent is { } intent)
            yield return $"{region.Name}: {intent.Who} wants it {(intent.Kind == IntentKind.Drain ? "drained" : "failed")}: {intent.Reason}";
        if (region.Alert is { } alert)
            yield return $"{region.Name}: {alert}";
    }

    private static string Caption(ClusterStatus status) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {status.Epoch}, event {status.LastEvent}, authority {status.Authority ?? "none"}, engine {status.Engine.Name} {(status.Engine.IsDegraded ? "degraded" : "ok")}, {status.Time:HH:mm:ss} UTC")
        + (status.IsAuthority ? "" : "; the authority could not be asked, so health is unknown");

    private static Text Cell(double? value, string format) => new(value?.ToString(format, CultureInfo.InvariantCulture) ?? "");

    private static string Percent(long part, long whole) => ((double)part / whole).ToString("0%", CultureInfo.InvariantCulture);

    private static Style StyleOf(RegionState state) => state switch
    {
        RegionState.Active => new Style(Color.Green),
        RegionState.Failed => new Style(Color.Red),
        _ => new Style(Color.Yellow),
    };
}
