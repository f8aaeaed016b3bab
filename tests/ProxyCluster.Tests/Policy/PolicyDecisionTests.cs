using System.Globalization;
using System.Net;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>What a compiled policy decides: case by case, as a slow reference does, and at no cost.</summary>
public sealed class PolicyDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 3, 12, 0, 0, default); // a Wednesday
    private static readonly string[] Paths = ["example.com/a", "example.com/a/deep", "github.com/Org/Lib", "github.com/org/lib", "github.com/org/lib.git", "github.com/x/y", "gopkg.test/z"];

    private static readonly string[] Versions =
    [
        "v0.1.0", "v1.0.0", "v1.2.3", "v1.2.4-rc.1", "v1.2.4-rc.10", "v1.10.0", "v0.0.0-20240102030405-abcdef012345", "v1.2.4-0.20240102030405-abcdef012345",
        "v2.0.0+incompatible", "v2.1.0-beta+incompatible",
    ];

    private static readonly AdvisorySet Advised = new(Paths.Take(4).Select(static (path, i) =>
    {
        var head = i switch { 0 => "\"database_specific\":{\"severity\":\"HIGH\"},", 1 => "\"aliases\":[\"CVE-1\"],", _ => "" };
        var json = $$$"""{"id":"GO-{{{i}}}",{{{head}}}"affected":[{"package":{"name":"{{{path}}}"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0.5.0"}{{{(i < 3 ? """,{"fixed":"1.2.4"}""" : "")}}}]}]}]}""";
        Assert.True(Advisory.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out var advisory, out var error), error);
        return advisory;
    }));

    /// <summary>How many are compared: as many as a few seconds allow, a million by hand.</summary>
    private static int Decisions => int.Parse(Environment.GetEnvironmentVariable("POLICY_DECISIONS") ?? "60000", CultureInfo.InvariantCulture);

    [Fact]
    public void Decide_RandomPoliciesAndQuestions_AreAsASlowReferenceSays()
    {
        const int PerPolicy = 200;
        var seen = new Dictionary<PolicyVerdict, int>();
        for (var seed = 0; seed < Decisions / PerPolicy; seed++)
        {
            var random = new Random(seed);
            var document = RandomPolicy(random);
            var set = PolicySet.Of(seed + 1, document);
            var (region, now) = (Pick(random, "tokyo", "osaka"), Now.AddMinutes(random.Next(3 * 24 * 60)));
            var active = new ActivePolicy(set.Number, 1, set.At(region, now), PolicyAdvisories.Of(Advised, now));
            for (var i = 0; i < PerPolicy; i++)
            {
                var question = RandomQuestion(random, now);
                var expected = SlowPolicy.Decide(document, question, region, now, Advised);
                var decided = active.Decide(question, out var isForAnybody);

                var said = $"seed {seed}: {question} by {question.Client}";
                Assert.True(expected.Verdict == decided.Verdict && expected.Rule == decided.Rule, $"{said}: {expected} is not {decided}");
                if (decided.Verdict != PolicyVerdict.Pending)
                    Assert.Equal(expected.Warnings, decided.Warnings.Select(static warning => warning.Rule));
                Assert.Equal((decided.Verdict, decided.Rule), (set.Explain(question, region, now, PolicyAdvisories.Of(Advised, now)).Decision.Verdict, set.Explain(question, region, now, PolicyAdvisories.Of(Advised, now)).Decision.Rule));

                // For anybody means: the same for anybody else.
                var other = question with { Client = RandomClient(random) };
                if (isForAnybody)
                    Assert.Equal((decided.Verdict, decided.Rule), (active.Decide(other, out _).Verdict, active.Decide(other, out _).Rule));
                seen[decided.Verdict] = seen.GetValueOrDefault(decided.Verdict) + 1;
            }
        }

        Assert.All(Enum.GetValues<PolicyVerdict>(), verdict => Assert.InRange(seen.GetValueOrDefault(verdict), Decisions / 50, Decisions));
    }

    [Theory]
    [InlineData("list", true)] // the allowed ones are listed
    [InlineData("v1.1.0", false)]
    [InlineData("v1.2.0", true)]
    public void Decide_AnAllowanceOfSomeBeforeABlockOfAll_LeavesTheList(string asked, bool isAllowed)
    {
        var active = Active(
            "- {name: good, action: allow, match: {modules: example.com, versions: '>=v1.2.0'}}",
            "- {name: rest, action: block, match: {modules: example.com}, reason: x}");
        Assert.Equal(isAllowed, active.Decide(Question("example.com/a", asked), out _).Verdict == PolicyVerdict.Allow);
        Assert.True(active.HidesSomeOf(ModulePath.Parse("example.com/a")));
        Assert.False(active.HidesSomeOf(ModulePath.Parse("example.org/a")));
    }

    [Theory]
    [InlineData("example.com/A.git", "block", true)]
    [InlineData("example.com/A.git", "allow", false)]
    [InlineData("example.com/a", "allow", true)]
    public void Decide_AnotherNameOfTheRepository_IsKeptOutAndNotLetIn(string path, string action, bool isMeant)
    {
        var active = Active($"- {{name: it, action: {action}, match: {{modules: example.com/a}}{(action == "block" ? ", reason: x" : "")}}}");
        Assert.Equal(isMeant ? "it" : null, active.Decide(Question(path, "v1.0.0"), out _).Rule);
    }

    [Theory]
    [InlineData(null, "it has not been seen here before, and waits 7 days from when it is: be patient")]
    [InlineData(6.99, "it was first seen here on 2026-05-27 12:14 UTC, and waits until 2026-06-03 12:14 UTC: be patient")]
    [InlineData(7.0, null)]
    public void Decide_ACooldown_WaitsFromWhenItWasSeen(double? daysAgo, string? reason)
    {
        var active = Active("- {name: wait, action: cooldown, days: 7, reason: be patient}");
        var question = Question("example.com/a", "v1.0.0");
        Assert.Equal(PolicyVerdict.Pending, active.Decide(question, out _).Verdict);

        var decided = active.Decide(question with { Facts = new PolicyFacts(Now, daysAgo is { } days ? Now.AddDays(-days) : null, null, Origins.None) }, out var isForAnybody);

        Assert.Equal((reason ?? "", true), (decided.Reason, isForAnybody));
        Assert.Equal(reason is not null, decided.Verdict == PolicyVerdict.Block);
    }

    [Fact]
    public void Share_OfClients_IsAboutWhatIsWrittenAndGrows()
    {
        var clients = Enumerable.Range(0, 10_000).Select(static i => new PolicyClient(new Identity($"build-{i}", []), "", null)).ToList();
        Assert.InRange(clients.Count(static client => ClientShare.Of("canary", client) < 5), 400, 600);

        // Another rule has others, and the same client from elsewhere is the same one.
        Assert.InRange(clients.Count(static client => ClientShare.Of("canary", client) < 5 && ClientShare.Of("other", client) < 5), 0, 60);
        var mapped = new PolicyClient(null, "", IPAddress.Parse("::ffff:192.0.2.1"));
        Assert.Equal(ClientShare.Of("canary", mapped with { Address = IPAddress.Parse("192.0.2.1") }), ClientShare.Of("canary", mapped));
    }

    [Fact]
    public void Decide_WhatWasAskedBefore_ByAThousandRules_DoesNotAllocate()
    {
        var active = Active([
            .. Enumerable.Range(0, 996).Select(static i => $"- {{name: r{i}, action: block, match: {{modules: example.com/m{i}, versions: <v1.0.0}}, reason: x}}"),
            "- {name: group, action: block, match: {modules: example.com, client: {group: 'bad-*', address: [10.0.0.0/8, 2001:db8::/32]}}, reason: x}",
            "- {name: share, action: block, match: {modules: example.com, percent: 0}, reason: x}",
            "- {name: wait, action: cooldown, days: 7, match: {modules: example.com/m1}}",
            "- {name: last, action: block, match: {modules: example.com/m2}, reason: x}"]);
        var client = new PolicyClient(new Identity("alice", ["good"]), "pay", IPAddress.Parse("::ffff:192.0.2.1"));
        var facts = new PolicyFacts(Now, Now.AddDays(-8), 1, Origins.Upstream);
        PolicyQuestion[] questions =
        [
            Question("example.com/m1", "v1.0.0") with { Client = client, Facts = facts },
            Question("example.com/m2", "v1.0.0") with { Client = client },
            Question("example.org/m2", "v1.0.0") with { Client = client },
            Question("example.com/m3", "list") with { Client = client },
        ];
        Ask();

        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Ask()
        {
            for (var i = 0; i < questions.Length; i++)
                active.Decide(questions[i], out _);
        }
    }

    [Fact]
    public void Explain_EveryRule_SaysWhatItHadToDoWithIt()
    {
        var set = Set(
            "- {name: elsewhere, action: block, match: {regions: osaka}, reason: x}",
            "- {name: other, action: block, match: {modules: example.org}, reason: x}",
            "- {name: newer, action: block, match: {versions: '>v1.0.0'}, reason: x}",
            "- {name: careful, action: warn, text: careful}",
            "- {name: small, action: max-size, size: 1MiB}",
            "- {name: no, action: block, match: {client: {subject: alice}}, reason: because}",
            "- {name: behind, action: allow}");
        var question = Question("example.com/a", "v1.0.0") with
        {
            Client = new PolicyClient(new Identity("alice", []), "", null),
            Facts = new PolicyFacts(Now, Now, 10, Origins.Upstream),
        };

        var explained = set.Explain(question, "tokyo", Now, PolicyAdvisories.None);

        Assert.Equal(("no", "because"), (explained.Decision.Rule, explained.Decision.Reason));
        Assert.Equal(
        [
            new PolicyStep("elsewhere", "not for this: regions"),
            new("other", "not for this: modules"),
            new("newer", "not for this: versions"),
            new("careful", "warns"),
            new("small", "is about this, and lets it pass"),
            new("no", "blocks it"),
            new("behind", "not reached"),
        ],
        explained.Steps);
    }

    internal static PolicySet Set(params IEnumerable<string> rules)
    {
        var document = PolicyReader.ReadOrNull($"policy: 1\nrules:\n{string.Join('\n', rules)}\n", out var mistakes);
        Assert.True(document is not null, string.Join('\n', mistakes));
        return PolicySet.Of(1, document);
    }

    internal static PolicyQuestion Question(string path, string asked) => asked == "list"
        ? new(ModulePath.Parse(path), null, AskKinds.List, "", default)
        : new(ModulePath.Parse(path), asked, AskKinds.Version, "", default);

    private static ActivePolicy Active(params IEnumerable<string> rules) => new(1, 1, Set(rules).At("tokyo", Now), PolicyAdvisories.None);

    private static PolicyDocument RandomPolicy(Random random)
    {
        var rules = Enumerable.Range(0, random.Next(1, 9)).Select(i =>
        {
            var parts = new List<string>();
            Maybe(0.7, () => $"modules: {Pick(random, "example.com", "example.com/a", "github.com/*/*", "github.com/org", "github.com/Org/lib", "[github.com/x, gopkg.test]", "'*.com/?'")}");
            Maybe(0.4, () => $"versions: {Pick(random, "<v1.2.4", "'>=v1.0.0 <v1.2.4-0'", "[v1.2.3, '>v1.2.4-rc.2']", "<=v1.2", "'>=v2 <v3'", "=v2.0.0+incompatible")}");
            Maybe(0.3, () => $"kinds: {Pick(random, "release", "[pseudo, prerelease]", "incompatible", "[release, incompatible]")}");
            Maybe(0.15, () => $"advisories: {Pick(random, "{}", "{ids: 'CVE-*'}", "{severity: high}", "{severity: medium, unrated: true}", "{fixed: true}")}");
            Maybe(0.3, () => $"query: {Pick(random, "version", "[version, list]", "moving", "[list, latest]", "[commit, version]")}");
            Maybe(0.1, () => $"refs: {Pick(random, "master", "'release-*'")}");
            Maybe(0.15, () => $"origin: {Pick(random, "direct", "[upstream, peer]")}");
            Maybe(0.4, () => $"client: {Pick(random, "{namespace: pay}", "{namespace: '-'}", "{subject: 'a*'}", "{group: [dev, ops]}", "{address: [10.0.0.0/8, 2001:db8::/48]}", "{subject: bob, address: 192.0.2.0/25}")}");
            Maybe(0.15, () => "regions: tokyo");
            Maybe(0.15, () => $"hours: {Pick(random, "08:00-17:30", "22:00-06:00", "'00:00-12:00'")}");
            Maybe(0.1, () => "weekdays: [wed, fri]");
            Maybe(0.15, () => $"percent: {random.Next(0, 101)}");
            var action = random.Next(6) switch
            {
                0 or 1 => "allow",
                2 => "block, reason: x",
                3 => "warn, text: x",
                4 => "cooldown, days: 7",
                _ => "max-size, size: 100",
            };
            if (action.StartsWith("cooldown", StringComparison.Ordinal) || action.StartsWith("max-size", StringComparison.Ordinal))
                parts.RemoveAll(static part => part.StartsWith("query", StringComparison.Ordinal));
            var from = random.NextDouble() < 0.15 ? ", from: 2026-06-04" : "";
            return $"- {{name: r{i}, action: {action}{from}, match: {{{string.Join(", ", parts)}}}}}";

            void Maybe(double chance, Func<string> part)
            {
                if (random.NextDouble() < chance)
                    parts.Add(part());
            }
        });
        var text = $"policy: 1\nrules:\n{string.Join('\n', rules)}\n";
        var document = PolicyReader.ReadOrNull(text, out var mistakes);
        Assert.True(document is not null, $"{text}\n{string.Join('\n', mistakes)}");
        return document;
    }

    private static PolicyQuestion RandomQuestion(Random random, DateTimeOffset now)
    {
        var (path, client) = (ModulePath.Parse(Pick(random, Paths)), RandomClient(random));
        PolicyFacts? facts = random.Next(3) > 0
            ? new PolicyFacts(now, random.Next(4) == 0 ? null : now.AddDays(-random.Next(1, 14)), random.Next(3) == 0 ? null : random.Next(200), Pick(random, Enum.GetValues<Origins>()))
            : null;
        return random.Next(8) switch
        {
            0 => new(path, null, AskKinds.List, "", client),
            1 => new(path, null, AskKinds.Latest, "", client),
            2 => new(path, null, AskKinds.Moving, Pick(random, "master", "main", "release-1"), client),
            3 => new(path, null, AskKinds.Commit, "abcdef012345", client),
            4 => new(path, Pick(random, Versions), Pick(random, AskKinds.List, AskKinds.Latest), "", client, facts), // may it be named there?
            _ => new(path, Pick(random, Versions), AskKinds.Version, "", client, facts),
        };
    }

    private static PolicyClient RandomClient(Random random) => new(
        random.Next(2) == 0 ? null : new Identity(Pick(random, "alice", "bob", "carol"), random.Next(2) == 0 ? [] : [Pick(random, "dev", "ops", "qa")]),
        Pick(random, "", "", "pay"),
        random.Next(5) == 0 ? null : IPAddress.Parse(Pick(random, "10.1.2.3", "::ffff:10.9.9.9", "192.0.2.7", "192.0.2.200", "2001:db8::1", "2001:db8:1::1")));

    private static T Pick<T>(Random random, params T[] of) => of[random.Next(of.Length)];
}
