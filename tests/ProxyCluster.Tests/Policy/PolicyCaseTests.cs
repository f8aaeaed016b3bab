using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>Cases: what is read of them, and what is said where a policy decides otherwise.</summary>
public sealed class PolicyCaseTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 3, 12, 0, 0, default);

    [Theory]
    [InlineData("{ask: example.com/m@v1.0.0, expect: block}", null)]
    [InlineData("{ask: example.com/m@v1.0.0, expect: allow}", "example.com/m@v1.0.0 is blocked by rule bad: no")]
    [InlineData("{ask: example.com/m@v1.0.0, rule: other}", "example.com/m@v1.0.0 is decided by rule bad, not by other")]
    [InlineData("{ask: example.com/m@v1.1.0, expect: block}", "example.com/m@v1.1.0 is allowed by no rule")]
    [InlineData("{ask: example.com/m@v1.1.0, warnings: []}", "example.com/m@v1.1.0 is warned of by note")]
    [InlineData("{ask: example.com/m@v1.1.0, warnings: note}", null)]
    [InlineData("{ask: example.com/m@latest, expect: allow, rule: here, region: tokyo}", null)]
    [InlineData("{ask: example.com/m@master, expect: block, rule: group, client: {subject: ci, group: [a, b], address: 10.0.0.1, namespace: pay}}", null)]
    [InlineData("{ask: example.com/m@v1.2.0, expect: block, rule: wait}", null)]
    [InlineData("{ask: example.com/m@v1.2.0, expect: block, rule: wait, seen: 2026-06-01}", null)]
    [InlineData("{ask: example.com/m@v1.2.0, expect: allow, seen: 2026-06-01, at: 2026-06-08}", null)]
    public void Case_AgainstAPolicy_SaysWhatIsOtherwise(string text, string? fault)
    {
        var set = PolicyDecisionTests.Set(
            "- {name: bad, action: block, reason: no, match: {versions: v1.0.0}}",
            "- {name: note, action: warn, text: mind, match: {versions: v1.1.0}}",
            "- {name: here, action: allow, match: {regions: tokyo}}",
            "- {name: group, action: block, reason: no, match: {client: {group: b, address: 10.0.0.0/8, namespace: pay}}}",
            "- {name: wait, action: cooldown, days: 7, match: {versions: v1.2.0}}");
        var read = PolicyCase.ReadOrNull($"cases:\n- {text}\n", out var mistakes);
        Assert.True(read is not null, string.Join('\n', mistakes));

        Assert.Equal(fault, read[0].FaultOrNull(read[0].Ask(set, Now, PolicyAdvisories.None).Decision));
        Assert.Equal(2, read[0].Line);
    }

    [Theory]
    [InlineData("cases: []", "1:8: cases must be a list")]
    [InlineData("- 1", "1:1: cases are one document with cases")]
    [InlineData("cases:\n- x", "2:3: a case must be a mapping")]
    [InlineData("cases:\n- {expect: block}", "2:3: a case needs what is asked")]
    [InlineData("cases:\n- {ask: example.com/m}", "2:3: a case expects something")]
    [InlineData("cases:\n- {ask: 'example.com/M!', expect: block}", "2:9: ask: ")]
    [InlineData("cases:\n- {ask: example.com/m@patch, expect: block}", "2:9: ask: ")]
    [InlineData("cases:\n- {ask: example.com/m, expect: maybe}", "2:32: expect: \"maybe\" is neither allow nor block")]
    [InlineData("cases:\n- {ask: example.com/m, expect: block, client: {group: a}}", "2:55: a client with groups has a subject")]
    [InlineData("cases:\n- {ask: example.com/m, expect: block, client: {address: a}}", "2:57: address: \"a\" is no address")]
    [InlineData("cases:\n- {ask: example.com/m@v1.0.0, expect: block, origin: moon}", "2:54: origin: \"moon\" is none of upstream, direct, peer")]
    public void Read_AMistake_SaysWhereAndWhat(string yaml, string mistake)
    {
        Assert.Null(PolicyCase.ReadOrNull(yaml, out var mistakes));
        Assert.StartsWith(mistake, mistakes[0].ToString(), StringComparison.Ordinal);
    }
}
