using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>What is read of a policy's text, and what is said of one that is wrong.</summary>
public sealed class PolicyReaderTests
{
    private const string Odd = "{}[]:-&*!|>'\"%@`#\n \t,?x0\0";

    private const string Whole =
        """
        policy: 1
        rules:
        - name: everything
          match:
            modules: [github.com/*/*, "example.com"]
            versions: [">=v1.0.0 <v1.2.0", v2.0.0+incompatible]
            kinds: [release, pseudo]
            query: [version, moving]
            refs: [master, "release-*"]
            origin: direct
            client: {namespace: pay, subject: "svc-*", group: [a, b], address: [10.0.0.0/8, "2001:db8::/32", 192.0.2.7]}
            regions: tokyo
            hours: 22:00-06:00
            weekdays: [mon, fri]
            percent: 5
          action: block
          reason: because
          instead: example.com/other
          from: 2026-01-01
          until: 2026-02-01T18:00:00+01:00
        - {name: one, action: allow}
        - {name: two, action: warn, text: careful}
        - {name: three, action: cooldown, days: 7}
        - {name: four, action: max-size, size: 20MiB, reason: too much}
        - {name: five, action: rewrite, upstream: goproxy.example.com/, match: {modules: [git.example.com, "*.corp.example"]}}
        - {name: six, action: rewrite, upstream: direct, repository: "ssh://git@git.example.com/fork", match: {modules: example.com/Lib}, reason: moved}
        - {name: seven, action: redirect, to: "https://pkg.go.dev/{module}@{version}", match: {client: {group: people}, hours: 08:00-20:00}}
        """;

    [Fact]
    public void Read_EverythingThatThereIs_IsWhatIsWritten()
    {
        var document = Read(Whole);

        Assert.Equal(["everything", "one", "two", "three", "four", "five", "six", "seven"], document.Rules.Select(static rule => rule.Name));
        var (match, action) = (document.Rules[0].Match, document.Rules[0].Action);
        Assert.Equal("github.com/*/*,example.com", match.Modules);
        Assert.Equal([">=v1.0.0 <v1.2.0", "v2.0.0+incompatible"], match.Versions.Select(static range => range.Text));
        Assert.Equal((VersionKinds.Release | VersionKinds.Pseudo, AskKinds.Version | AskKinds.Moving, Origins.Direct), (match.Kinds, match.Queries, match.Origins));
        Assert.Equal(["master", "release-*"], match.Refs);
        Assert.Equal(["pay", "svc-*", "a", "b"], [.. match.Namespaces, .. match.Subjects, .. match.Groups]);
        Assert.Equal(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"], match.Networks.Select(static network => network.ToString()));
        Assert.Equal(["tokyo"], match.Regions);
        Assert.Equal([DayOfWeek.Monday, DayOfWeek.Friday], match.Days);
        Assert.Equal((new DailyHours(new(22, 0), new(6, 0)), 5), (match.Hours!.Value, match.Percent));
        Assert.Equal(new RuleAction(RuleVerb.Block, "because") { Instead = "example.com/other" }, action);
        Assert.Equal(
            (new DateTimeOffset(2026, 1, 1, 0, 0, 0, default), new DateTimeOffset(2026, 2, 1, 17, 0, 0, default)), (document.Rules[0].From, document.Rules[0].Until));
        Assert.Equal(
            [new RuleAction(RuleVerb.Allow), new(RuleVerb.Warn, "careful"), new(RuleVerb.Cooldown) { Wait = TimeSpan.FromDays(7) }, new(RuleVerb.MaxSize, "too much") { MaxBytes = 20 << 20 },
                new(RuleVerb.Rewrite) { To = "https://goproxy.example.com" }, new(RuleVerb.Rewrite, "moved") { To = "direct", Repository = "ssh://git@git.example.com/fork" },
                new(RuleVerb.Redirect) { To = "https://pkg.go.dev/{module}@{version}" }],
            document.Rules.Skip(1).Select(static rule => rule.Action));
    }

    [Fact]
    public void Read_ManyMistakes_NamesEachWithItsPlaceInOrder()
    {
        var mistakes = Mistakes(
            """
            policy: 2
            rules:
            - name: Upper
              match:
                module: example.com
                versions: [">= v1", v1.2]
                client: {address: 10.0.0.1/8}
                percent: 101
              action: blok
            - name: same
              action: block
              until: soon
            - name: same
              match: {licences: [MIT], hours: 6-7, weekdays: monday, kinds: tag}
              action: warn
              text: x
              days: 3
            - just a text
            - {action: rewrite, name: r}
            extra: 1
            """);

        Assert.Equal(
        [
            "1:9: say policy: 1, the form in which it is written",
            "3:9: a rule needs a name of at most 64 lower-case letters, digits and hyphens",
            "5:5: \"module\" is not a key here: did you mean modules?",
            "6:16: versions: \">=\" is no bound of versions: write v1.2.3, or >=v1.2.0 <v1.4.0 with a blank between bounds and none behind a sign",
            "6:25: versions: \"v1.2\" is no bound of versions: write v1.2.3, or >=v1.2.0 <v1.4.0 with a blank between bounds and none behind a sign",
            "7:23: address: \"10.0.0.1/8\" is no network: write 10.1.0.0/16, with no bits behind its length, or an address",
            "8:14: percent: \"101\" is no whole number from 0 to 100",
            "9:11: \"blok\" is not an action: did you mean block?",
            "10:3: to block takes reason",
            "12:10: until: \"soon\" is no time: write 2026-01-31 or 2026-01-31T18:00:00Z",
            "13:9: there is another rule same",
            "14:11: licences is not supported yet",
            "14:35: hours: \"6-7\" are no hours: write 22:00-06:00, UTC",
            "14:50: weekdays: \"monday\" is no day: there are sun, mon, tue, wed, thu, fri, sat",
            "14:65: kinds: \"tag\" is none of release, prerelease, pseudo, incompatible",
            "17:9: days says nothing where the action is warn",
            "18:3: a rule must be a mapping that begins with \"- name: …\"",
            "19:3: to rewrite takes upstream",
            "20:1: \"extra\" is not a key here: there are policy, rules",
        ],
        mistakes);
    }

    [Theory]
    [InlineData("", "1:1: a policy is one document with policy: 1 and rules")]
    [InlineData("- 1", "1:1: a policy is one document with policy: 1 and rules")]
    [InlineData("policy: 1", "1:1: rules must be a list: one \"- name: …\" for each")]
    [InlineData("policy: 1\nrules: &a []", "2:8: anchors and aliases are not read here: write it out")]
    [InlineData("policy: 1\nrules: [[[[[[[[[[1]]]]]]]]]]", "2:15: nothing in a policy is nested so deeply")]
    [InlineData("policy: 1\nrules: [}", "2:9: this is not YAML")]
    [InlineData("policy: 1\nrules: []\nrules: []", "3:1: this is not YAML")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: cooldown, days: 1, match: {query: list}}", "3:21: cooldown is about versions")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: allow, match: {modules: Example.com}}", "3:45: modules: \"Example.com\" matches no module")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: allow, match: {modules: 'example.com/[a'}}", "3:45: modules: \"example.com/[a\" is not a pattern")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: allow, match: {modules: 'example.com/m@master'}}", "3:45: modules: \"example.com/m@master\" matches no module")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: allow, match: {modules: []}}", "3:45: modules is empty")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: allow, from: 2026-02-01, until: 2026-01-01}", "3:53: until must be later")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: block, reason: \"a\\nb\"}", "3:36: reason must have at most 300 characters")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: require-signature}", "3:21: require-signature is not supported yet")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: direct, match: {versions: v1.0.0}}", "3:66: rewrite looks at modules only: a module is fetched once for whoever asks")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: direct, match: {regions: tokyo}}", "3:65: rewrite looks at modules only")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: proxy}", "3:40: upstream: \"proxy\" is no upstream")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: 'https://u:secret@a.example'}", "3:40: upstream: \"a.example\" is no upstream")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: [direct]}", "3:40: upstream must be a text")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: direct, repository: 'https://a.example/x', match: {modules: 'a.example/*'}}", "3:60: a repository takes one path in modules")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: direct, repository: 'file:///etc', match: {modules: a.example/x}}", "3:60: repository: \"file:///etc\" is no address of a git repository")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: rewrite, upstream: a.example, repository: 'https://a.example/x', match: {modules: a.example/x}}", "3:63: repository says nothing where upstream is not direct")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: redirect, to: '{module}.example.com'}", "3:35: to: write an address")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: redirect, to: 'https://{module}/'}", "3:35: to: there are {module} and {version} to fill in, behind the host")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: redirect, to: 'https://a.example/{path}'}", "3:35: to: there are {module} and {version} to fill in, behind the host")]
    [InlineData("policy: 1\nrules:\n- {name: a, action: redirect, to: 'https://a.example/', match: {query: latest}}", "3:72: redirect looks at modules, client, regions, hours, weekdays, percent only")]
    public void Read_AMistake_SaysWhereAndWhat(string yaml, string mistake) => Assert.StartsWith(mistake, Mistakes(yaml)[0], StringComparison.Ordinal);

    [Fact]
    public void Read_WhateverItIs_NeverThrows()
    {
        var random = new Random(7);
        for (var i = 0; i < 3_000; i++)
        {
            var text = Whole.ToCharArray();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
                text[random.Next(text.Length)] = Odd[random.Next(Odd.Length)];
            var document = PolicyReader.ReadOrNull(new string(text), out var mistakes);
            Assert.Equal(document is null, mistakes.Length > 0);
        }
    }

    private static PolicyDocument Read(string yaml)
    {
        var document = PolicyReader.ReadOrNull(yaml, out var mistakes);
        Assert.True(document is not null, string.Join('\n', mistakes));
        return document;
    }

    private static string[] Mistakes(string yaml)
    {
        Assert.Null(PolicyReader.ReadOrNull(yaml, out var mistakes));
        return [.. mistakes.Select(static mistake => mistake.ToString())];
    }
}
