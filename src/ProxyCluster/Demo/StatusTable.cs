using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ProxyCluster.Demo;

/// <summary>How a snapshot looks: as a table on a terminal, as one line per change elsewhere. Pure functions.</summary>
internal static class StatusTable
{
    private static readonly Style Bold = new(decoration: Decoration.Bold);
    private static readonly Style Dim = new(decoration: Decoration.Dim);

    /// <summary>The table: each region with its sums, below it its members, and at the end everything; below it, who owns the newest module versions.</summary>
    public static IRenderable Render(StatusSnapshot snapshot)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("region", "member", "state");
        foreach (var name in (ReadOnlySpan<string>)["owns", "requests", "hits", "hit ratio", "peer fills", "upstream fetches"])
            table.AddColumn(new TableColumn(name).RightAligned());

        foreach (var region in snapshot.Regions)
        {
            var state = region.State.ToString().ToLowerInvariant();
            AddRow(table, [new Text(region.Name, Bold), new Text(""), new Text(state, StyleOf(region.State))], region.Owns, region.Total, Bold, isDoor: false);
            foreach (var member in region.Members)
            {
                var style = member.IsLive ? Style.Plain : Dim;
                var stateStyle = member.IsLive ? new Style(Color.Green) : new Style(Color.Red);
                AddRow(table, [new Text(""), new Text(member.Name, style), new Text(member.State, stateStyle)], member.Owns, member.Figures, style,
                    member.Role == Role.FrontEnd);
            }
        }

        table.AddEmptyRow();
        AddRow(table, [new Text("total", Bold), new Text(""), new Text("")], snapshot.Regions.Sum(static region => region.Owns), snapshot.Total, Bold, isDoor: false);
        table.Caption = new TableTitle(UpstreamSays(snapshot), Dim);
        return new Rows([table, .. snapshot.Newest.Select(static owned => new Text(Says(owned), Dim))]);
    }

    /// <summary>A line for every member and region that differs from before; at first, for each that has done anything.</summary>
    public static IEnumerable<string> Changes(StatusSnapshot? before, StatusSnapshot now)
    {
        foreach (var region in now.Regions)
        {
            var old = before?.Regions.FirstOrDefault(other => other.Name == region.Name);
            if (region.State != (old?.State ?? RegionState.Active))
                yield return $"{region.Name}: {region.State.ToString().ToLowerInvariant()}";
            foreach (var member in region.Members)
            {
                var was = old?.Members.FirstOrDefault(other => other.Name == member.Name)
                    ?? member with { IsLive = true, Owns = 0, Figures = default };
                if (member != was)
                    yield return Line(region, member);
            }
        }

        foreach (var owned in now.Newest.Except(before?.Newest ?? []))
            yield return Says(owned);
        if (now.UpstreamRequests != (before?.UpstreamRequests ?? 0))
            yield return UpstreamSays(now);
    }

    private static string Line(RegionStatus region, MemberStatus member)
    {
        var (figures, start) = (member.Figures, $"{region.Name} {member.Name} {member.State}: {Number(member.Figures.Requests)} requests");
        return member.Role == Role.FrontEnd
            ? start
            : $"{start}, owns {Number(member.Owns)}, {Number(figures.Hits)} hits ({Ratio(figures.HitRatio)}), "
                + $"{Number(figures.PeerFills)} peer fills, {Number(figures.UpstreamFetches)} upstream fetches";
    }

    private static string UpstreamSays(StatusSnapshot snapshot) => $"the upstream was asked {Number(snapshot.UpstreamRequests)} times";

    private static string Says(OwnedModule owned) => $"{owned.ModuleVersion} is owned by {owned.Silo}";

    // A front end has no store and no grains: a nought in its place would look like a bad figure.
    private static void AddRow(Table table, IRenderable[] head, int owns, MemberFigures figures, Style style, bool isDoor)
    {
        string[] cells = isDoor
            ? ["", Number(figures.Requests), "", "", "", ""]
            : [Number(owns), Number(figures.Requests), Number(figures.Hits), Ratio(figures.HitRatio), Number(figures.PeerFills), Number(figures.UpstreamFetches)];
        table.AddRow([.. head, .. cells.Select(cell => new Text(cell, style))]);
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ratio(double? ratio) =>
        ratio is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known * 100:0} %") : "-";

    private static Style StyleOf(RegionState state) => state switch
    {
        RegionState.Active => new Style(Color.Green),
        RegionState.Suspect or RegionState.Recovering => new Style(Color.Yellow),
        _ => new Style(Color.Red),
    };
}
