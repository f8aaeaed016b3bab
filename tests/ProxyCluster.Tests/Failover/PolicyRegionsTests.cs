using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Admin;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Http;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Failover;

/// <summary>The cluster's policy in three whole regions, while clients ask.</summary>
public sealed class PolicyRegionsTests : IAsyncLifetime
{
    private const string Nothing = "policy: 1\nrules: []\n";
    private const string Slip = "policy: 1\nrules:\n- {name: oops, action: block, reason: a slip}\n";

    private RegionsSystem _system = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Artifact => "/" + ProxyPath.Of(_system.World.Modules[0].Module, ArtifactKind.Mod);

    public async ValueTask InitializeAsync() => _system = await RegionsSystem.StartAsync(
        static _ => TestContext.Current.TestMethod?.MethodName == nameof(Rollout_ThatIsWell_GoesIntoForceInEveryRegion) ? [("Policy:RolloutStep", "1s")] : [("Http:MaxWastedPerSecond", "0")]);

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    /// <summary>
    /// A policy with an odd number blocks, one with an even number does not: whether a decision belongs to the number in the answer shows. And no answer
    /// is by one that was replaced two seconds before the request; what this machine's own timers are late by is taken off.
    /// </summary>
    [Fact]
    public async Task Swap_AHundredTimesUnderLoad_EveryAnswerIsByThePolicyThatItNamesAndNoneIsOld()
    {
        const int Swaps = 100;
        var pushed = new ConcurrentDictionary<long, long>();
        var (late, wrong, old, answers) = (TimeSpan.Zero, new ConcurrentBag<string>(), new ConcurrentBag<(TimeSpan By, string What)>(), 0);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var orders = _system.Services("tokyo").GetRequiredService<PolicyOrders>();
        await PushAsync(1);
        await EverywhereAsync(static book => book.Current.Number == 1);

        Task[] load = [WatchAsync(), .. RegionsSystem.Names.SelectMany(region => Enumerable.Range(0, 2).Select(_ => Task.Run(() => LoadAsync(region), Cancel)))];
        for (var number = 2; number <= Swaps; number++)
        {
            // Each is asked under, and every tenth is in force in all regions before the next comes: a member looks for a new one once a second.
            await PushAsync(number);
            var asked = Volatile.Read(ref answers) + (2 * load.Length);
            await Waiting.UntilAsync(() => Volatile.Read(ref answers) >= asked);
            if (number % 10 == 0)
                await EverywhereAsync(book => book.Current.Number == number);
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Empty(wrong);
        Assert.True(answers > Swaps, $"{answers} answers");
        Assert.Empty(old.Where(one => one.By > late).Select(static one => one.What));

        async Task PushAsync(int number)
        {
            var text = number % 2 == 0 ? $"{Nothing}# {number}\n" : $"policy: 1\nrules:\n- {{name: odd, action: block, reason: number {number}}}\n";
            Assert.Equal(number, (await orders.PushAsync(text, "alice", "a test", Cancel)).Value.Number);
            pushed[number] = Stopwatch.GetTimestamp();
        }

        async Task LoadAsync(string region)
        {
            while (!stop.IsCancellationRequested)
            {
                var newest = pushed.Where(static one => Stopwatch.GetElapsedTime(one.Value) > TimeSpan.FromSeconds(2)).Select(static one => one.Key).DefaultIfEmpty().Max();
                using var answer = await _system.GetAsync(region, Artifact);
                Interlocked.Increment(ref answers);
                if (!answer.Headers.TryGetValues(PolicyAnswers.NumberHeader, out var named))
                {
                    wrong.Add($"{region}: {answer.StatusCode} names no policy: {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
                    continue;
                }

                var number = long.Parse(named.Single(), CultureInfo.InvariantCulture);
                if (answer.StatusCode != (number % 2 == 0 ? HttpStatusCode.OK : HttpStatusCode.Forbidden))
                    wrong.Add($"{region}: {answer.StatusCode} by {number}");
                if (number % 2 != 0 && !(await answer.Content.ReadAsStringAsync(CancellationToken.None)).Contains($"policy {number}, rule odd: number {number}", StringComparison.Ordinal))
                    wrong.Add($"{region}: the reason is not of {number}");
                if (number < newest)
                    old.Add((Stopwatch.GetElapsedTime(pushed[number + 1]) - TimeSpan.FromSeconds(2), $"{region}: by {number}, where {newest} was in force two seconds before it was asked"));
            }
        }

        // How late a wait of a second, as the members' own, ends here.
        async Task WatchAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                var from = Stopwatch.GetTimestamp();
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
                late = TimeSpan.FromTicks(Math.Max(late.Ticks, (Stopwatch.GetElapsedTime(from) - TimeSpan.FromSeconds(1)).Ticks));
            }
        }
    }

    [Fact]
    public async Task Rollout_ThatIsWell_GoesIntoForceInEveryRegion()
    {
        await PushAsync("push", Nothing);
        await PushAsync("rollout", Nothing + "# next\n");
        await EverywhereAsync(static book => book.Current.Number == 2);
        Assert.Equal("in force", History().Rollout!.Ended);
    }

    [Fact]
    public async Task Rollout_ThatRefusesWhatWasGiven_IsBackByItselfAndWasForAFewOnly()
    {
        await PushAsync("push", Nothing);
        await PushAsync("rollout", Slip);
        var book = BookOf("tokyo");
        await Waiting.UntilAsync(() => book.InForce.Candidate is not null || book.Archive.Rollout is { IsRunning: false });

        // Two hundred clients, each with an address of its own, until it is over.
        var refused = new HashSet<int>();
        for (var i = 1; book.Archive.Rollout!.IsRunning; i = (i % 200) + 1)
        {
            if (await IsRefusedAsync("tokyo", i))
                refused.Add(i);
        }

        Assert.Matches("^back at [0-9]+ %: [0-9]+ of [0-9]+ requests of a minute were refused or failed, 0 of [0-9]+ under the policy before$", History().Rollout!.Ended);
        Assert.InRange(refused.Count, 1, 100);
        await EverywhereAsync(static book => book.InForce.Candidate is null);
        using var after = await _system.GetAsync("tokyo", Artifact);
        Assert.Equal("1", after.Headers.GetValues(PolicyAnswers.NumberHeader).Single());
    }

    /// <summary>What a member has seen goes with it, and its clients are the same share wherever they ask next.</summary>
    [Fact]
    public async Task Rollout_WhoseFirstWitnessDies_IsBackByWhatTheNextOneSees()
    {
        await PushAsync("push", Nothing);
        await PushAsync("rollout", Slip);
        await EverywhereAsync(static book => book.InForce.Candidate is not null);

        // One less than is too much.
        var refused = 0;
        for (var i = 1; refused < new PolicyOptions().RolloutMinBad - 1; i = (i % 200) + 1)
            refused += await IsRefusedAsync("tokyo", i) ? 1 : 0;
        Assert.True(BookOf("frankfurt").Archive.Rollout!.IsRunning);
        await _system.KillAsync("tokyo");

        for (var i = 1; BookOf("frankfurt").Archive.Rollout!.IsRunning; i = (i % 200) + 1)
            await IsRefusedAsync("frankfurt", i);
        Assert.StartsWith("back at 5 %: ", BookOf("frankfurt").Archive.Rollout!.Ended, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Try_APolicy_SaysWhatWouldHaveBecomeOfWhatWasAsked()
    {
        foreach (var address in (string[])["127.0.1.1", "127.0.1.2", "127.0.1.1"])
        {
            using var client = new HttpClient(ClientAt.Address(address));
            using var answer = await client.GetAsync(_system.Url("tokyo") + $"/{_system.World.Modules[0].Module.Path.Escaped}/@latest", Cancel);
            using var again = await client.GetAsync(_system.Url("tokyo") + Artifact, Cancel);
        }

        var trials = _system.Services("tokyo").GetRequiredService<PolicyTrials>();
        var trial = trials.Try("policy: 1\nrules:\n- {name: one, action: block, reason: not from there, match: {query: version, client: {address: 127.0.1.1}}}\n", Cancel).Value;
        var change = Assert.Single(trial.Changes);
        Assert.Equal((_system.World.Modules[0].Module.ToString(), "127.0.1.1", true, "one", "not from there"), (change.Asked, change.Client, change.IsBlocked, change.Rule, change.Reason));
        Assert.Equal((0L, change.Requests), (trial.BlockedBefore, trial.BlockedAfter));
        Assert.Empty(trials.Try(Nothing, Cancel).Value.Changes);
        Assert.StartsWith("2:8: ", trials.Try("policy: 1\nrules: 1", Cancel).Failure!.Message, StringComparison.Ordinal);
    }

    private PolicyBook BookOf(string region) => _system.Services(region).GetRequiredService<PolicyBook>();

    private async Task EverywhereAsync(Func<PolicyBook, bool> holds)
    {
        foreach (var region in RegionsSystem.Names)
            await Waiting.UntilAsync(() => holds(BookOf(region)));
    }

    // By the policy that is rolled out, and by no other, to the client of an address of its own.
    private async Task<bool> IsRefusedAsync(string region, int client)
    {
        using var http = new HttpClient(ClientAt.Address($"127.0.1.{client}"));
        using var answer = await http.GetAsync(_system.Url(region) + Artifact, Cancel);
        Assert.Equal(answer.StatusCode == HttpStatusCode.Forbidden ? "2" : "1", answer.Headers.GetValues(PolicyAnswers.NumberHeader).Single());
        return answer.StatusCode == HttpStatusCode.Forbidden;
    }

    private PolicyHistory History() => _system.Services("tokyo").GetRequiredService<PolicyDesk>().History();

    private async Task PushAsync(string verb, string text)
    {
        using var content = System.Net.Http.Json.JsonContent.Create(new { text, reason = "a test" });
        using var answer = await _system.SendAsync("frankfurt", HttpMethod.Post, $"/-/admin/v1/policy/{verb}", RegionsSystem.Operator, content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
