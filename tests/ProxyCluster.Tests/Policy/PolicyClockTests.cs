using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>Rules come and go with the hour, and which will end is said in time, once.</summary>
public sealed class PolicyClockTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clock_ARuleOfAnHour_CountsThenAndIsSaidToEnd()
    {
        await using var member = new PolicyMember(); // 12:00
        await member.Orders.PushAsync(
            "policy: 1\nrules:\n- {name: night, action: block, reason: x, match: {hours: '12:05-13:00'}}\n- {name: may, action: allow, until: 2026-06-10T13:00:00Z}\n", "alice", "x", Cancel);
        using var clock = new PolicyClock(member.Book, member.Configured(), member.Clock, member.Logger<PolicyClock>());
        await clock.StartAsync(Cancel);
        var version = member.Book.Current.Version;
        Assert.Equal(["may"], Names(member));

        await member.TurnAsync(TimeSpan.FromMinutes(5));
        Assert.Equal((version + 1, 2), (member.Book.Current.Version, member.Book.Current.Rules.Length));
        Assert.DoesNotContain(member.Log.Lines, static line => line.Contains("ends at", StringComparison.Ordinal));

        await member.TurnAsync(TimeSpan.FromMinutes(55));
        await member.TurnAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["may"], Names(member));
        Assert.Single(member.Log.Lines, static line => line.Contains("Rule may of policy 1 ends at 06/10/2026 13:00:00 +00:00", StringComparison.Ordinal));

        await member.TurnAsync(TimeSpan.FromDays(7));
        Assert.Empty(Names(member));
        await clock.StopAsync(Cancel);
    }

    private static IEnumerable<string> Names(PolicyMember member) => member.Book.Current.Rules.Select(static rule => rule.Rule.Name);
}
