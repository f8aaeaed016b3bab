using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Policy;

/// <summary>Who gets what is rolled out, and when it goes on and back.</summary>
public sealed class PolicyRolloutTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 3, 12, 0, 0, default);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0, 0, 0, 0, "Stay")]
    [InlineData(100, 4, 0, 0, 0, "Stay")] // so few say nothing
    [InlineData(100, 6, 0, 0, 0, "Back")]
    [InlineData(100, 5, 1_000, 0, 0, "Stay")] // five in a hundred are not more than that
    [InlineData(100, 5, 1_000, 0, 10, "Next")]
    [InlineData(100, 30, 1_000, 300, 10, "Next")] // it was no better before
    [InlineData(100, 36, 1_000, 300, 10, "Back")]
    [InlineData(5, 5, 0, 0, 20, "Back")]
    public void Decide_ByWhatBecameOfRequests_IsAsWritten(long asked, long bad, long askedBefore, long badBefore, int minutes, string step)
    {
        var rollout = new PolicyRollout(2, "", "alice", "x", Now, 5, Now.AddMinutes(-minutes));
        Assert.Equal(step, RolloutRule.Decide(rollout, new(asked, bad), new(askedBefore, badBefore), Now, TimeSpan.FromMinutes(minutes), new PolicyOptions()).ToString());
    }

    [Fact]
    public async Task Rollout_WhoseTimeWasOverWhenEverybodyWasAway_IsLookedAtForAMinuteFirst()
    {
        await using var member = new PolicyMember();
        await member.Orders.PushAsync("policy: 1\nrules: []\n", "alice", "x", Cancel);
        await member.Orders.BeginAsync("policy: 1\nrules: []\n# next\n", "alice", "x", Cancel);
        member.Clock.Advance(TimeSpan.FromHours(1));

        using var loop = new PolicyRollouts(
            member.Book, member.Orders, new RolloutFigures(member.Clock), member.Configured(), member.Clock, member.Logger<PolicyRollouts>());
        await loop.StartAsync(Cancel);
        for (var second = 0; second < 59; second++)
            await member.TurnAsync();
        Assert.Equal(5, member.Book.InForce.Share);
        await member.TurnAsync();
        Assert.Equal(25, member.Book.InForce.Share);
        await loop.StopAsync(CancellationToken.None);
    }

    /// <summary>By what is seen: a member looks once a second, so what is more than that is the way to the others, who look once a second too.</summary>
    [Fact]
    public async Task Rollout_ThatGoesBad_IsBackASecondLater()
    {
        await using var member = new PolicyMember();
        await member.Orders.PushAsync("policy: 1\nrules: []\n", "alice", "x", Cancel);
        await member.Orders.BeginAsync("policy: 1\nrules:\n- {name: oops, action: block, reason: a slip}\n", "alice", "x", Cancel);
        var figures = new RolloutFigures(member.Clock);
        using var loop = new PolicyRollouts(member.Book, member.Orders, figures, member.Configured(), member.Clock, member.Logger<PolicyRollouts>());
        await loop.StartAsync(Cancel);

        // Two in a second, of hundreds that are well: it is too much at the third second.
        var seconds = 0;
        for (; member.Book.InForce.Candidate is not null && seconds < 10; seconds++)
        {
            for (var i = 0; i < 2; i++)
                figures.Count(member.Book.InForce, 2, isBad: true);
            for (var i = 0; i < 200; i++)
                figures.Count(member.Book.InForce, 1, isBad: false);
            await member.TurnAsync();
        }

        Assert.Equal(3, seconds);
        Assert.Equal("back at 5 %: 6 of 6 requests of a minute were refused or failed, 0 of 600 under the policy before", member.Book.Archive.Rollout!.Ended);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void Figures_OfAMinute_ForgetWhatIsOlder()
    {
        var clock = new ManualTimeProvider();
        var figures = new RolloutFigures(clock);
        var policies = Policies(2, 5);
        for (var second = 0; second < 90; second++)
        {
            figures.Count(policies, 2, isBad: second < 40);
            figures.Count(policies, 1, isBad: false);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((new RolloutCount(59, 9), new RolloutCount(90, 0)), figures.Read(2));

        // Another rollout begins anew, and without one nobody counts.
        figures.Count(policies with { Candidate = null }, 1, isBad: true);
        figures.Count(Policies(3, 5), 3, isBad: true);
        Assert.Equal((new RolloutCount(1, 1), default), figures.Read(3));
    }

    [Fact]
    public void Share_OfClients_IsTheSameForEachAndOnlyGrows()
    {
        var clients = Enumerable.Range(0, 2_000).Select(static i => new PolicyClient(i % 2 == 0 ? new Identity($"build-{i}", []) : null, "", new IPAddress(0x0a000000 + i))).ToList();
        var before = new HashSet<PolicyClient>();
        foreach (var share in PolicyRollout.Shares.ToArray())
        {
            var now = clients.Where(client => Policies(2, share).Of(client).Number == 2).ToHashSet();
            Assert.InRange(now.Count, share * 20 * 0.7, share * 20 * 1.3);
            Assert.Subset(now, before);
            before = now;
        }

        Assert.Equal(clients.Count, before.Count);
    }

    private static PoliciesInForce Policies(long candidate, int share) =>
        new(new ActivePolicy(1, 1, [], PolicyAdvisories.None), new ActivePolicy(candidate, 2, [], PolicyAdvisories.None), share);
}
