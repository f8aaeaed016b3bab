using ProxyCluster.Clustering;
using ProxyCluster.Demo;
using ProxyCluster.Routing;
using Spectre.Console;

namespace ProxyCluster.Tests.Demo;

public sealed class StatusTableTests
{
    private static readonly StatusSnapshot Snapshot = new(
        [
            new RegionStatus("tokyo", RegionState.Active,
            [
                new MemberStatus("silo 1", Role.Silo, true, new MemberFigures(1200, 900, 300, 250, 50)),
                new MemberStatus("silo 2", Role.Silo, false, new MemberFigures(0, 0, 0, 0, 0)),
                new MemberStatus("front end", Role.FrontEnd, true, new MemberFigures(1201, 0, 0, 0, 0)),
            ]),
            new RegionStatus("sanjose", RegionState.Failed, [new MemberStatus("both", Role.All, true, new MemberFigures(10, 5, 5, 1, 4))]),
        ],
        54);

    [Fact]
    public void Render_Snapshot_ShowsRegionsTheirMembersAndTheSum()
    {
        const string Expected = """
            ╭─────────┬───────────┬────────┬──────────┬──────┬───────────┬────────────┬──────────────────╮
            │ region  │ member    │ state  │ requests │ hits │ hit ratio │ peer fills │ upstream fetches │
            ├─────────┼───────────┼────────┼──────────┼──────┼───────────┼────────────┼──────────────────┤
            │ tokyo   │           │ active │    1,201 │  900 │      75 % │        250 │               50 │
            │         │ silo 1    │ live   │    1,200 │  900 │      75 % │        250 │               50 │
            │         │ silo 2    │ gone   │        0 │    0 │         - │          0 │                0 │
            │         │ front end │ live   │    1,201 │      │           │            │                  │
            │ sanjose │           │ failed │       10 │    5 │      50 % │          1 │                4 │
            │         │ both      │ live   │       10 │    5 │      50 % │          1 │                4 │
            │         │           │        │          │      │           │            │                  │
            │ total   │           │        │    1,211 │  905 │      75 % │        251 │               54 │
            ╰─────────┴───────────┴────────┴──────────┴──────┴───────────┴────────────┴──────────────────╯
                                           the upstream was asked 54 times
            """;

        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 120;
        console.Profile.Capabilities.Unicode = true;
        console.Write(StatusTable.Render(Snapshot));

        var lines = output.ToString().Split('\n').Select(line => line.TrimEnd());
        Assert.Equal(Expected, string.Join('\n', lines).TrimEnd());
    }

    [Fact]
    public void Changes_AtFirst_NamesOnlyWhatHappened()
    {
        Assert.Equal(
            [
                "tokyo silo 1 live: 1,200 requests, 900 hits (75 %), 250 peer fills, 50 upstream fetches",
                "tokyo silo 2 gone: 0 requests, 0 hits (-), 0 peer fills, 0 upstream fetches",
                "tokyo front end live: 1,201 requests",
                "sanjose: failed",
                "sanjose both live: 10 requests, 5 hits (50 %), 1 peer fills, 4 upstream fetches",
                "the upstream was asked 54 times",
            ],
            StatusTable.Changes(null, Snapshot));
    }

    [Fact]
    public void Changes_BetweenEqualSnapshots_AreNone()
    {
        var same = Snapshot with { Regions = [.. Snapshot.Regions.Select(region => region with { Members = [.. region.Members] })] };

        Assert.Empty(StatusTable.Changes(Snapshot, same));
    }

    [Fact]
    public void Changes_AfterARegionsReturn_NameTheRegionAlone()
    {
        var returned = Snapshot with { Regions = [Snapshot.Regions[0], Snapshot.Regions[1] with { State = RegionState.Recovering }] };

        Assert.Equal(["sanjose: recovering"], StatusTable.Changes(Snapshot, returned));
    }
}
