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
                new MemberStatus("silo 1", Role.Silo, true, 31, new MemberFigures(1200, 900, 300, 250, 50)),
                new MemberStatus("silo 2", Role.Silo, false, 0, new MemberFigures(0, 0, 0, 0, 0)),
                new MemberStatus("front end", Role.FrontEnd, true, 0, new MemberFigures(1201, 10, 0, 0, 0)),
            ]),
            new RegionStatus("sanjose", RegionState.Failed, [new MemberStatus("both", Role.All, true, 7, new MemberFigures(10, 5, 5, 1, 4))]),
        ],
        [new OwnedModule("example.com/a@v1.0.0", "sanjose both"), new OwnedModule("example.com/b@v1.1.0", "tokyo silo 1")],
        54);

    [Fact]
    public void Render_Snapshot_ShowsRegionsTheirMembersAndTheSum()
    {
        const string Expected = """
            ╭─────────┬───────────┬────────┬──────┬──────────┬──────┬───────────┬────────────┬──────────────────╮
            │ region  │ member    │ state  │ owns │ requests │ hits │ hit ratio │ peer fills │ upstream fetches │
            ├─────────┼───────────┼────────┼──────┼──────────┼──────┼───────────┼────────────┼──────────────────┤
            │ tokyo   │           │ active │   31 │    1,201 │  910 │      75 % │        250 │               50 │
            │         │ silo 1    │ live   │   31 │    1,200 │  900 │      75 % │        250 │               50 │
            │         │ silo 2    │ gone   │    0 │        0 │    0 │         - │          0 │                0 │
            │         │ front end │ live   │      │    1,201 │      │           │            │                  │
            │ sanjose │           │ failed │    7 │       10 │    5 │      50 % │          1 │                4 │
            │         │ both      │ live   │    7 │       10 │    5 │      50 % │          1 │                4 │
            │         │           │        │      │          │      │           │            │                  │
            │ total   │           │        │   38 │    1,211 │  915 │      75 % │        251 │               54 │
            ╰─────────┴───────────┴────────┴──────┴──────────┴──────┴───────────┴────────────┴──────────────────╯
                                               the upstream was asked 54 times
            example.com/a@v1.0.0 is owned by sanjose both
            example.com/b@v1.1.0 is owned by tokyo silo 1
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
                "tokyo silo 1 live: 1,200 requests, owns 31, 900 hits (75 %), 250 peer fills, 50 upstream fetches",
                "tokyo silo 2 gone: 0 requests, owns 0, 0 hits (-), 0 peer fills, 0 upstream fetches",
                "tokyo front end live: 1,201 requests",
                "sanjose: failed",
                "sanjose both live: 10 requests, owns 7, 5 hits (50 %), 1 peer fills, 4 upstream fetches",
                "example.com/a@v1.0.0 is owned by sanjose both",
                "example.com/b@v1.1.0 is owned by tokyo silo 1",
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
