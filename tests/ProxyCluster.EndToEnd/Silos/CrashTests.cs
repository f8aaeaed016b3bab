using System.Globalization;
using System.Net;
using ProxyCluster.Demo;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Silos;

/// <summary>Silos as processes that are killed and frozen: deaths that nobody is told of.</summary>
[Trait("Needs", "redis")]
public sealed class CrashTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // No event comes of anything but a death, however slow the machine.
    private static readonly string[] Steady = ["--set", "Failover:StoreAction=Ignore", "--set", "Failover:RoundTripInterval=0s"];

    private readonly UpstreamServer _upstream = UpstreamServer.Start();
    private readonly IReadOnlyList<PackedModule> _modules = SampleModules.Pack();
    private SiloProcesses _silos = null!;
    private int _next;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var sample in _modules)
        {
            _upstream.Put(SiloProcesses.PathOf(sample, ".info"), sample.Info);
            _upstream.Put(SiloProcesses.PathOf(sample, ".mod"), sample.GoMod);
            _upstream.Put(SiloProcesses.PathOf(sample, ".zip"), sample.Zip);
        }

        _silos = await SiloProcesses.OpenAsync(_upstream);
    }

    public async ValueTask DisposeAsync()
    {
        if (_silos is not null)
            await _silos.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Authority_Killed_RegionFailedByASurvivorAndNoCallFails()
    {
        var members = await StartAsync(["tokyo", "frankfurt", "sanjose"]);
        var authority = await AuthorityAsync(members);
        var survivors = members.Where(member => member != authority).ToArray();

        await authority.KillAsync();

        await GetColdUntilFailedAsync(survivors, RegionOf(authority));
    }

    [Fact]
    public async Task Authority_KilledWhereVotesAloneSpeak_RegionFailedInTheNextEpochAndNoCallFails()
    {
        // Votes know no suspicion: the table says "active" until the silo is dead, and "failed" in the next epoch.
        var members = await StartAsync(
            ["tokyo", "frankfurt", "sanjose"],
            [.. Steady, "--set", "Failover:SuspectAfter=5m", "--set", "Failover:FailedAfter=6m"]);
        var authority = await AuthorityAsync(members);
        var region = RegionOf(authority);
        var survivors = members.Where(member => member != authority).ToArray();
        var before = await EpochAsync(survivors[0]);

        await authority.KillAsync();
        await GetColdUntilFailedAsync(survivors, region);

        foreach (var survivor in survivors)
        {
            Assert.Equal(before + 1, await EpochAsync(survivor));
            var line = Assert.Single(EventsSince(before, survivor));
            Assert.Contains($"epoch {before + 1}: {region} went from active to failed", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Silo_FrozenAndThawed_ForgottenMeanwhileAndBackInTheSameProcess()
    {
        // Reports are given so much time that only the membership's verdict can fail the region.
        var members = await StartAsync(["tokyo", "frankfurt", "sanjose"], "--set", "Failover:SuspectAfter=5m", "--set", "Failover:FailedAfter=6m");
        var authority = await AuthorityAsync(members);
        var frozen = members.First(member => member != authority);
        var region = RegionOf(frozen);

        frozen.Freeze();
        await SiloProcesses.LoggedAsync(authority, $"{region} went from", "it has no live silo");
        await GetColdAsync(authority);
        frozen.Resume();

        await SiloProcesses.SaysAsync(frozen, "engine: ok");
        await SiloProcesses.LoggedAsync(frozen, "was not in its cluster and serves alone until it is");
        await GetColdAsync(frozen);
    }

    [Fact]
    public async Task Owner_KilledInMidFetch_CallersStillGetTheirAnswer()
    {
        var members = await StartAsync(["tokyo", "frankfurt", "sanjose"]);
        var zip = SiloProcesses.PathOf(_modules[0], ".zip");
        _upstream.Faults.Next(zip, Fault.Silence);

        // Alone in its region, the first asker hosts the grain; the others call it there.
        var first = members[0].Http.GetAsync(zip[1..], Cancel);
        await _upstream.Requested(zip).WaitAsync(Patience, Cancel);
        var others = members[1..].Select(member => member.Http.GetAsync(zip[1..], Cancel)).ToList();
        await members[0].KillAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => first);
        foreach (var other in others)
        {
            using var answer = await other.WaitAsync(Patience, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(_modules[0].Zip, await answer.Content.ReadAsByteArrayAsync(Cancel));
        }
    }

    [Fact]
    public async Task Redis_Gone_MissesAreServedAndTheEngineSaysSoUntilItIsBack()
    {
        var members = await StartAsync(["tokyo", "frankfurt"]);

        await _silos.Redis.KillAsync();
        foreach (var member in members)
            await SiloProcesses.SaysAsync(member, "engine: degraded");
        foreach (var member in members)
            await GetColdAsync(member);

        await _silos.Redis.StartAgainAsync();
        foreach (var member in members)
            await SiloProcesses.SaysAsync(member, "engine: ok");
    }

    [Fact]
    public async Task Silo_ToldToStop_LeavesAtOnceAndExitsWith0()
    {
        var members = await StartAsync(["tokyo", "frankfurt"]);

        Assert.Equal(0, await members[0].StopAsync());

        await SiloProcesses.LoggedAsync(members[1], "tokyo went from", " to failed:");
        await GetColdAsync(members[1]);
    }

    private async Task<ProxyProcess[]> StartAsync(string[] regions, params string[] more)
    {
        var members = await Task.WhenAll(regions.Select(region => _silos.StartAsync(region, more: more)));

        // Of every region, so that each has heard of the last table of the start: it comes with the answer to a report.
        foreach (var member in members)
        {
            foreach (var region in regions)
                await SiloProcesses.SaysAsync(member, $"region {region}: active");
        }

        return members;
    }

    /// <summary>Whoever holds the office in the newest term.</summary>
    private static async Task<ProxyProcess> AuthorityAsync(IReadOnlyCollection<ProxyProcess> members)
    {
        const string holds = " is the authority in term ";
        await Task.WhenAny(members.Select(member => SiloProcesses.LoggedAsync(member, holds)));
        return members.MaxBy(static member => member.Log.Split(holds)[1..].Select(static rest => Number(rest, ',')).DefaultIfEmpty().Max())!;
    }

    private static async Task<long> EpochAsync(ProxyProcess member)
    {
        const string epoch = "routing: epoch ";
        using var answer = await member.Http.GetAsync("readyz", Cancel);
        var said = await answer.Content.ReadAsStringAsync(Cancel);
        return Number(said[(said.IndexOf(epoch, StringComparison.Ordinal) + epoch.Length)..], '\n');
    }

    /// <summary>What a member has logged of the events after an epoch, in order.</summary>
    private static IEnumerable<string> EventsSince(long epoch, ProxyProcess member)
    {
        const string of = " of epoch ";
        return member.Log.Split('\n')
            .Where(static line => line.Contains(" Event ", StringComparison.Ordinal) && line.Contains(of, StringComparison.Ordinal))
            .Where(line => Number(line[(line.IndexOf(of, StringComparison.Ordinal) + of.Length)..], ':') > epoch);
    }

    private static long Number(string text, char end) => long.Parse(text[..text.IndexOf(end)], CultureInfo.InvariantCulture);

    private static string RegionOf(ProxyProcess member) => SiloProcesses.IdOf(member).Split('-')[0];

    /// <summary>Asks for cold module versions, one after the other, through the whole time in which a death is noticed.</summary>
    private async Task GetColdUntilFailedAsync(ProxyProcess[] survivors, string region)
    {
        var noticed = Task.WhenAll(survivors.Select(survivor => SiloProcesses.LoggedAsync(survivor, $"{region} went from", " to failed:")));
        do
        {
            foreach (var survivor in survivors)
                await GetColdAsync(survivor);
        }
        while (!noticed.IsCompleted);
        await noticed;
    }

    /// <summary>Asks for a module version that nobody has asked for before.</summary>
    private async Task GetColdAsync(ProxyProcess member)
    {
        var sample = _modules[0];
        var version = $"v1.900.{Interlocked.Increment(ref _next)}";
        _upstream.Put($"/{sample.Module.Path.Escaped}/@v/{version}.mod", sample.GoMod);
        using var answer = await member.Http.GetAsync($"{sample.Module.Path.Escaped}/@v/{version}.mod", Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancel)}\n{member.Log}");
    }
}
