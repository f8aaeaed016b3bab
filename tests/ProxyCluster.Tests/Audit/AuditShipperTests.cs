using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Audit;
using ProxyCluster.Audit.Postgres;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Postgres;

namespace ProxyCluster.Tests.Audit;

/// <summary>The log in a real PostgreSQL.</summary>
[Trait("Needs", "postgres")]
public sealed class AuditShipperTests : IAsyncLifetime
{
    private PostgresProcess _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await PostgresProcess.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Lines_ArriveAsTheyAre_AndAreFound()
    {
        await using var site = Site();
        await using var shipper = await StartAsync(site);
        await site.WriteAsync(3, i => site.Download(version: $"v1.0.{i}", subject: "ci") with { Policy = "3", Text = "say \"ü\"" });
        await ArrivedAsync(site);

        var all = await FoundAsync(new AuditFilter { Decision = string.Join(',', AuditFilter.Events) });
        Assert.Equal(site.Lines().Select(static line => line with { Log = null, Prev = null, Time = Micro(line.Time) }), all);
        Assert.Equal("v1.0.1", Assert.Single(await FoundAsync(new AuditFilter { Module = "example.com/m", Version = "v1.0.1", Client = "ci" })).Version);
    }

    [Fact]
    public async Task Database_AwayForAWhile_GetsEverythingOnce()
    {
        await using var site = Site();
        await using var shipper = await StartAsync(site);
        await site.WriteAsync(100);
        await ArrivedAsync(site);

        for (var crash = 0; crash < 3; crash++)
        {
            await _server.CrashAsync();
            await site.WriteAsync(7000);
            await _server.StartAgainAsync();

            // It dies again while it takes what has waited.
            if (crash == 1)
                await Waiting.UntilAsync(() => { site.Clock.Advance(TimeSpan.FromSeconds(1)); return site.Sent.Sequence > 0; });
        }

        await ArrivedAsync(site);
        var numbers = (await FoundAsync(new AuditFilter { Decision = string.Join(',', AuditFilter.Events) })).Select(static line => line.Seq).Order().ToList();
        Assert.Equal(Enumerable.Range(1, (int)site.Log.Place.Head.Sequence).Select(static i => (long)i), numbers);
    }

    [Fact]
    public async Task Shipper_BegunAgain_GoesOnWhereTheDatabaseIs()
    {
        await using var site = Site();
        await using (await StartAsync(site))
        {
            await site.WriteAsync(10);
            await ArrivedAsync(site);
        }

        await site.WriteAsync(10);
        await using var again = new Shipper(site);
        await again.StartAsync();
        await ArrivedAsync(site);
        Assert.Equal(20, (await FoundAsync(new AuditFilter { Decision = "allow" })).Count);
    }

    private AuditSite Site() => new(options => (options.Postgres, options.MaxFileBytes) = (_server.Connection, 100_000));

    private static async Task<Shipper> StartAsync(AuditSite site)
    {
        var shipper = new Shipper(site);
        await site.StartAsync();
        await shipper.StartAsync();
        return shipper;
    }

    private async Task ArrivedAsync(AuditSite site)
    {
        await Waiting.UntilAsync(() =>
        {
            site.Clock.Advance(TimeSpan.FromSeconds(1));
            return site.Sent.Sequence == site.Log.Place.Head.Sequence;
        });
        await using var table = NewTable();
        Assert.Equal(site.Log.Place.Head.Sequence, await table.LastAsync(site.Log.Place.Log, Cancel));
    }

    private async Task<List<AuditLine>> FoundAsync(AuditFilter filter)
    {
        var (found, isMeant) = (new List<AuditLine>(), filter.Matcher(new AuditAddresses(null)));
        await using var table = NewTable();
        await foreach (var line in table.FindAsync(filter, Cancel))
        {
            if (isMeant(line))
                found.Add(line);
        }

        return [.. found.OrderBy(static line => line.Seq)];
    }

    // One of its own each time, whose pool has kept no connection over a crash.
    private AuditTable NewTable() => new(_server.Connection);

    // PostgreSQL's timestamps have microseconds.
    private static DateTimeOffset Micro(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    private sealed class Shipper(AuditSite site) : IAsyncDisposable
    {
        private readonly AuditShipper _shipper = new(site.Log, site.Sent, site.Metrics, Options.Create(site.Options), site.Clock, NullLogger<AuditShipper>.Instance);

        public Task StartAsync() => _shipper.StartAsync(Cancel);

        public async ValueTask DisposeAsync()
        {
            await _shipper.StopAsync(CancellationToken.None);
            _shipper.Dispose();
        }
    }
}
