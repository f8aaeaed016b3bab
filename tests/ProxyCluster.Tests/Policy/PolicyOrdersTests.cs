using ProxyCluster.Outcomes;
using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>Changes of the cluster's policy: which number each gets, what is kept, and how a rollout goes on and ends.</summary>
public sealed class PolicyOrdersTests
{
    private const string One = "policy: 1\nrules: []\n";
    private const string Two = "policy: 1\nrules: # two\n- {name: a, action: allow}\n";
    private const string Three = "policy: 1\nrules: # three\n- {name: a, action: allow}\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Push_TheSameText_ChangesNothing()
    {
        await using var member = new PolicyMember();
        Assert.Equal(1, (await PushAsync(member, One)).Number);
        Assert.Equal(1, (await PushAsync(member, One)).Number);
        Assert.Equal(2, (await PushAsync(member, Two)).Number);
        Assert.Equal([2, 1], member.Book.Archive.Editions.Select(static edition => edition.Number));
    }

    [Fact]
    public async Task Push_AMistake_IsToldAndNothingIsWritten()
    {
        await using var member = new PolicyMember();
        var failure = (await member.Orders.PushAsync("policy: 1\nrules: 1", "alice", "x", Cancel)).Failure;
        Assert.Equal((FailureKind.BadRequest, "2:8: rules must be a list: one \"- name: …\" for each"), (failure!.Kind, failure.Message));
        Assert.Equal(0, member.Book.Current.Number);
    }

    [Fact]
    public async Task RollBack_ToOneThatIsNotKept_SaysWhichAre()
    {
        await using var member = new PolicyMember();
        Assert.Equal("there is no policy yet", (await member.Orders.RollBackAsync(3, "alice", "x", Cancel)).Failure?.Message);
        await PushAsync(member, One);
        await PushAsync(member, Two);
        Assert.Equal("policy 3 is not kept: there are 1 to 2", (await member.Orders.RollBackAsync(3, "alice", "x", Cancel)).Failure?.Message);
        var back = (await member.Orders.RollBackAsync(1, "alice", "oops", Cancel)).Value;
        Assert.Equal((3L, One, "back to 1: oops"), (back.Number, back.Text, back.Reason));
    }

    [Fact]
    public async Task Rollout_ThatNobodyEnds_GoesThroughItsSharesIntoForce()
    {
        await using var member = new PolicyMember();
        await PushAsync(member, One);
        Assert.Equal((2L, 5), (await BeginAsync(member, Two)) is var begun ? (begun.Number, begun.Share) : default);
        Assert.Equal((1L, 2L), (member.Book.InForce.Stable.Number, member.Book.InForce.Candidate!.Number));

        foreach (var share in (int[])[25, 100])
        {
            await member.Orders.GoOnAsync(member.Book.Archive.Rollout!, Cancel);
            Assert.Equal(share, member.Book.InForce.Share);
        }

        await member.Orders.GoOnAsync(member.Book.Archive.Rollout!, Cancel);
        Assert.Equal((2L, null), (member.Book.Current.Number, member.Book.InForce.Candidate));
        Assert.Equal("in force", member.Book.Archive.Rollout!.Ended);
        Assert.Equal(3, (await PushAsync(member, Three)).Number);
        Assert.Equal(3, member.Log.Lines.Count(static line => line.Contains("The rollout of policy 2 went on to", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Rollout_ThatWentBack_LeavesItsNumberToNobody()
    {
        await using var member = new PolicyMember();
        await PushAsync(member, One);
        await BeginAsync(member, Two);
        var seen = member.Book.Archive.Rollout!;

        await member.Orders.EndAsync(seen, "back at 5 %", Cancel);
        await member.Orders.EndAsync(seen, "a second word", Cancel);
        await member.Orders.GoOnAsync(seen, Cancel);

        Assert.Equal((1L, null, "back at 5 %"), (member.Book.Current.Number, member.Book.InForce.Candidate, member.Book.Archive.Rollout!.Ended));
        Assert.Single(member.Log.Lines, static line => line.Contains("The rollout of policy 2 was ended: back at 5 %", StringComparison.Ordinal));
        Assert.Equal(3, (await BeginAsync(member, Two)).Number);
    }

    [Fact]
    public async Task Begin_TheSameTextAgain_IsObeyedOnce()
    {
        await using var member = new PolicyMember();
        await PushAsync(member, One);
        var begun = await BeginAsync(member, Two);
        await member.Orders.GoOnAsync(begun, Cancel);
        Assert.Equal((begun.Number, 25), (await BeginAsync(member, Two)) is var again ? (again.Number, again.Share) : default);
    }

    [Fact]
    public async Task Orders_OfOperators_AreInTheAuditLog()
    {
        await using var member = new PolicyMember();
        await member.Audit.StartAsync();
        await PushAsync(member, One);
        await BeginAsync(member, Two);
        await member.Audit.SettledAsync();
        Assert.Equal(
            [("policy", 1L, "alice", "a test"), ("policy-rollout", 2L, "alice", "a test")],
            member.Audit.Lines("order").Select(static line => (line.Rule, line.Policy, line.By, line.Text)));
    }

    [Theory]
    [InlineData(Three, 3)]
    [InlineData(One, 1)] // the one that is in force: for all again
    public async Task Push_WhileOneIsRolledOut_EndsThat(string text, long number)
    {
        await using var member = new PolicyMember();
        await PushAsync(member, One);
        await BeginAsync(member, Two);
        Assert.Equal(FailureKind.Blocked, (await member.Orders.BeginAsync(Three, "alice", "x", Cancel)).Failure?.Kind);

        Assert.Equal(number, (await PushAsync(member, text)).Number);
        Assert.Null(member.Book.InForce.Candidate);
        Assert.StartsWith("ended by", member.Book.Archive.Rollout!.Ended, StringComparison.Ordinal);
    }

    private static async Task<PolicyEdition> PushAsync(PolicyMember member, string text) => (await member.Orders.PushAsync(text, "alice", "a test", Cancel)).Value;

    private static async Task<PolicyRollout> BeginAsync(PolicyMember member, string text) => (await member.Orders.BeginAsync(text, "alice", "a test", Cancel)).Value;
}
