using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using ProxyCluster.Configuration;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Names;
using YamlDotNet.RepresentationModel;

namespace ProxyCluster.Policy;

/// <summary>
/// Reads the text of a policy: all of it or none, and every mistake with its place. What is to come (licences, signatures) is
/// a mistake too: a rule that was read over would protect nobody.
/// </summary>
internal sealed class PolicyReader
{
    /// <summary>Most rules.</summary>
    public const int MaxRules = 5_000;

    private const int Format = 1;

    private static readonly string[] TopKeys = ["policy", "rules"];
    private static readonly string[] RuleKeys = ["name", "match", "action", "reason", "instead", "text", "days", "size", "upstream", "repository", "to", "from", "until"];

    private static readonly string[] MatchKeys =
        ["modules", "versions", "kinds", "advisories", "query", "refs", "origin", "client", "regions", "hours", "weekdays", "percent"];

    private static readonly string[] ClientKeys = ["namespace", "subject", "group", "address"];
    private static readonly string[] AdvisoryKeys = ["ids", "severity", "unrated", "days", "fixed"];
    private static readonly string[] NotYet = ["licences", "licenses", "signatures", "require-signature"];

    private static readonly Dictionary<string, RuleVerb> Verbs = new(StringComparer.Ordinal)
    {
        ["allow"] = RuleVerb.Allow,
        ["block"] = RuleVerb.Block,
        ["warn"] = RuleVerb.Warn,
        ["cooldown"] = RuleVerb.Cooldown,
        ["max-size"] = RuleVerb.MaxSize,
        ["rewrite"] = RuleVerb.Rewrite,
        ["redirect"] = RuleVerb.Redirect,
    };

    // What such rules can be about, and why not about more.
    private static readonly Dictionary<RuleVerb, (string[] Conditions, string Why)> Narrow = new()
    {
        [RuleVerb.Rewrite] = (["modules"], "a module is fetched once for whoever asks"),
        [RuleVerb.Redirect] = (["modules", "client", "regions", "hours", "weekdays", "percent"], "a page is of a module, and people look at it"),
    };

    private readonly List<PolicyMistake> _mistakes;

    private PolicyReader(List<PolicyMistake> mistakes) => _mistakes = mistakes;

    /// <summary>The policy; null where there are mistakes.</summary>
    public static PolicyDocument? ReadOrNull(string yaml, out ImmutableArray<PolicyMistake> mistakes) => PolicyYaml.ReadOrNull(
        yaml, "a policy is one document with policy: 1 and rules", static (root, found) => new PolicyReader(found).ReadOrNull(root), out mistakes);

    private PolicyDocument? ReadOrNull(YamlMappingNode root)
    {
        var top = new PolicyMap(root, TopKeys, [], _mistakes);
        if (top.TextOrNull("policy") != "1")
            top.Fault(top.NodeOrNull("policy"), $"say policy: {Format}, the form in which it is written");
        if (top.NodeOrNull("rules") is not YamlSequenceNode rules)
        {
            top.Fault(top.NodeOrNull("rules"), "rules must be a list: one \"- name: …\" for each");
            return null;
        }

        if (rules.Children.Count > MaxRules)
            top.Fault(rules, $"a policy has at most {MaxRules} rules");
        var names = new HashSet<string>(StringComparer.Ordinal);
        return new PolicyDocument([.. rules.Children.Take(MaxRules).Select(node => ReadRuleOrNull(node, names)).OfType<PolicyRule>()]);
    }

    private PolicyRule? ReadRuleOrNull(YamlNode node, HashSet<string> names)
    {
        if (node is not YamlMappingNode map)
        {
            _mistakes.Add(PolicyMistake.At(node.Start, "a rule must be a mapping that begins with \"- name: …\""));
            return null;
        }

        var rule = new PolicyMap(map, RuleKeys, NotYet, _mistakes);
        var name = rule.TextOrNull("name");
        if (name is null || !IsName(name))
            rule.Fault(rule.NodeOrNull("name"), "a rule needs a name of at most 64 lower-case letters, digits and hyphens");
        else if (!names.Add(name))
            rule.Fault(rule.NodeOrNull("name"), $"there is another rule {name}");
        var conditions = rule.MapOrNull("match", MatchKeys, NotYet);
        var match = conditions is null ? new RuleMatch() : ReadMatch(conditions);
        var action = ReadActionOrNull(rule, match, conditions);
        var (from, until) = (rule.ValueOrNull<DateTimeOffset>("from", ReadTime), rule.ValueOrNull<DateTimeOffset>("until", ReadTime));
        if (from >= until)
            rule.Fault(rule.NodeOrNull("until"), "until must be later than from");
        return action is null ? null : new PolicyRule(name ?? "", match, action) { From = from, Until = until };
    }

    private static RuleMatch ReadMatch(PolicyMap map)
    {
        var client = map.MapOrNull("client", ClientKeys, []);
        return new RuleMatch
        {
            Modules = string.Join(',', map.Values<string>("modules", ReadModules)),
            Versions = map.Values<VersionRange>("versions", static (string text, out VersionRange value) => VersionRange.TryParse(text, out value!, out var fault) ? null : fault),
            Kinds = Flags(map, "kinds", VersionKinds.None, static (all, one) => all | one),
            Advisories = map.MapOrNull("advisories", AdvisoryKeys, []) is { } advisories ? ReadAdvisories(advisories) : null,
            Queries = Flags(map, "query", AskKinds.None, static (all, one) => all | one),
            Refs = map.Values<string>("refs", ReadGlob),
            Origins = Flags(map, "origin", Origins.None, static (all, one) => all | one),
            Namespaces = client?.Values<string>("namespace", ReadGlob) ?? [],
            Subjects = client?.Values<string>("subject", ReadGlob) ?? [],
            Groups = client?.Values<string>("group", ReadGlob) ?? [],
            Networks = client?.Values<IPNetwork>("address", ReadNetwork) ?? [],
            Regions = map.Values<string>("regions", static (string text, out string value) => (value = text, (string?)null).Item2),
            Hours = map.ValueOrNull<DailyHours>("hours", static (string text, out DailyHours value) => DailyHours.TryParse(text, out value, out var fault) ? null : fault),
            Days = map.Values<DayOfWeek>("weekdays", static (string text, out DayOfWeek value) =>
                (value = (DayOfWeek)Weekdays.Words.IndexOf(text)) >= 0 ? null : $"\"{text}\" is no day: there are {string.Join(", ", Weekdays.Words)}"),
            Percent = map.ValueOrNull<int>("percent", static (string text, out int value) =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= 100 ? null : $"\"{text}\" is no whole number from 0 to 100"),
        };
    }

    private static AdvisoryCondition ReadAdvisories(PolicyMap map)
    {
        var atLeast = map.ValueOrNull<SeverityLevel>("severity", static (string text, out SeverityLevel level) => AdvisorySeverity.OfWordOrNull(text) is { Level: var known }
            ? (level = known, (string?)null).Item2
            : (level = default, $"\"{text}\" is none of low, medium, high, critical").Item2);
        if (atLeast is null && map.NodeOrNull("unrated") is { } unrated)
            map.Fault(unrated, "unrated says nothing without severity: all are meant then");
        return new AdvisoryCondition(
            map.Values<string>("ids", ReadGlob), atLeast, map.ValueOrNull<bool>("unrated", ReadYesOrNo) ?? false,
            TimeSpan.FromDays(map.ValueOrNull<int>("days", ReadDays) ?? 0), map.ValueOrNull<bool>("fixed", ReadYesOrNo));
    }

    private static RuleAction? ReadActionOrNull(PolicyMap rule, RuleMatch match, PolicyMap? conditions)
    {
        if (rule.TextOrNull("action") is not { } word || !Verbs.TryGetValue(word, out var verb))
        {
            var given = rule.TextOrNull("action");
            var near = given is null ? null : NearestName.FindOrNull(given, Verbs.Keys);
            rule.Fault(rule.NodeOrNull("action"), given is not null && NotYet.Contains(given) ? $"{given} is not supported yet"
                : near is not null ? $"\"{given}\" is not an action: did you mean {near}?"
                : $"a rule needs an action: {string.Join(", ", Verbs.Keys)}");
            return null;
        }

        // 1. What this action needs, and what is written in vain.
        Dictionary<string, bool> keys = verb switch
        {
            RuleVerb.Block => new() { ["reason"] = true, ["instead"] = false },
            RuleVerb.Warn => new() { ["text"] = true },
            RuleVerb.Cooldown => new() { ["days"] = true, ["reason"] = false },
            RuleVerb.MaxSize => new() { ["size"] = true, ["reason"] = false },
            RuleVerb.Rewrite => new() { ["upstream"] = true, ["repository"] = false, ["reason"] = false },
            RuleVerb.Redirect => new() { ["to"] = true, ["reason"] = false },
            _ => new() { ["reason"] = false },
        };
        foreach (var key in (ReadOnlySpan<string>)["reason", "instead", "text", "days", "size", "upstream", "repository", "to"])
        {
            if (keys.TryGetValue(key, out var isNeeded) ? isNeeded && rule.NodeOrNull(key) is null : rule.NodeOrNull(key) is not null)
                rule.Fault(rule.NodeOrNull(key), isNeeded ? $"to {word} takes {key}" : $"{key} says nothing where the action is {word}");
        }

        if (verb is RuleVerb.Cooldown or RuleVerb.MaxSize && match.Queries != AskKinds.None && !match.Queries.HasFlag(AskKinds.Version))
            rule.Fault(rule.NodeOrNull("action"), $"{word} is about versions: its query must be version, or left out");

        if (Narrow.TryGetValue(verb, out var narrow))
        {
            foreach (var key in MatchKeys.Except(narrow.Conditions))
            {
                if (conditions?.NodeOrNull(key) is { } vain)
                    conditions.Fault(vain, $"{word} looks at {string.Join(", ", narrow.Conditions)} only: {narrow.Why}");
            }
        }

        // 2. The action.
        var to = verb == RuleVerb.Rewrite ? OneOrNull(rule, "upstream", ReadUpstream) : verb == RuleVerb.Redirect ? OneOrNull(rule, "to", ReadPage) : null;
        return new RuleAction(verb, rule.TextOrNull(verb == RuleVerb.Warn ? "text" : "reason") ?? "")
        {
            Instead = rule.TextOrNull("instead"),
            Wait = TimeSpan.FromDays(rule.ValueOrNull<int>("days", ReadDays) ?? 0),
            MaxBytes = rule.ValueOrNull<long>("size", static (string text, out long bytes) =>
                ByteSize.TryParse(text, out bytes) && bytes > 0 ? null : $"\"{text}\" is no size: write 20MiB") ?? 0,
            To = to ?? "",
            Repository = verb == RuleVerb.Rewrite ? ReadRepositoryOrNull(rule, match, to) : null,
        };
    }

    // Its root is what the pattern names, so that is one path.
    private static string? ReadRepositoryOrNull(PolicyMap rule, RuleMatch match, string? upstream)
    {
        if (rule.NodeOrNull("repository") is not { } node)
            return null;
        if (upstream is not null && upstream != PolicyRewrite.Direct)
            rule.Fault(node, "repository says nothing where upstream is not direct");
        if (!ModulePath.TryParse(match.Modules, out _, out _))
            rule.Fault(node, "a repository takes one path in modules, without * and the like: the one that stands for its root");
        return OneOrNull(rule, "repository", ReadRepository);
    }

    private static string? ReadRepository(string text, out string value) =>
        Uri.TryCreate(value = text, UriKind.Absolute, out var url) && url is { Scheme: "https" or "ssh", Host.Length: > 0, Query: "", Fragment: "" } && !url.UserInfo.Contains(':', StringComparison.Ordinal)
            ? null
            : $"\"{GoneUserinfo(text)}\" is no address of a git repository: write https://HOST/PATH or ssh://HOST/PATH, without a password";

    // As the list of upstreams shows it.
    private static string? ReadUpstream(string text, out string value)
    {
        value = text;
        if (text == PolicyRewrite.Direct)
            return null;
        if (!text.Contains("://", StringComparison.Ordinal) && text.Contains('.', StringComparison.Ordinal))
            text = "https://" + text;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http" or "file") || url.UserInfo.Length > 0 || url is not { Query: "", Fragment: "" })
            return $"\"{GoneUserinfo(text)}\" is no upstream: write direct, or an address of Upstreams:List, without a login";
        value = url.Scheme == "file" ? "file://" + url.AbsolutePath.TrimEnd('/') : url.AbsoluteUri.TrimEnd('/');
        return null;
    }

    private static string? ReadPage(string text, out string value) => PageAddress.FaultOrNull(value = text);

    // A mistake is shown, and a password is not.
    private static string GoneUserinfo(string text) => text[(text.LastIndexOf('@') + 1)..];

    private static string? OneOrNull(PolicyMap map, string key, PolicyMap.Reader<string> read)
    {
        if (map.TextOrNull(key) is not { } text)
            return null;
        if (read(text, out var value) is not { } fault)
            return value;
        map.Fault(map.NodeOrNull(key), $"{key}: {fault}");
        return null;
    }

    /// <summary>The words of a key, which may be several, as one value.</summary>
    public static T Flags<T>(PolicyMap map, string key, T none, Func<T, T, T> join)
        where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Skip(1).Select(static name => name.ToLowerInvariant())];
        return map.Values<T>(key, (string text, out T value) =>
        {
            value = none;
            return words.Contains(text) && Enum.TryParse(text, ignoreCase: true, out value) ? null : $"\"{text}\" is none of {string.Join(", ", words)}";
        }).Aggregate(none, join);
    }

    private static string? ReadModules(string text, out string value)
    {
        value = text;
        var patterns = ModulePathPatterns.Parse(text);
        if (patterns.InvalidPatterns is [var invalid, ..])
            return $"\"{invalid}\" is not a pattern: allowed are path prefixes with *, ? and [a-z]";

        // It would match nothing, and what it was to keep out would come in.
        return text.Split(',').FirstOrDefault(static item => item.Trim('/').Length == 0 || item.Any(char.IsWhiteSpace) || item.Contains('@', StringComparison.Ordinal)
                || item.Contains("://", StringComparison.Ordinal) || item.Split('/')[0].Any(char.IsAsciiLetterUpper)) is { } vain
            ? $"\"{vain}\" matches no module: write paths without blanks, schemes and versions, hosts in lower case"
            : null;
    }

    private static string? ReadDays(string text, out int days) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out days) && days is > 0 and <= 3650 ? null : $"\"{text}\" is no whole number from 1 to 3650";

    private static string? ReadYesOrNo(string text, out bool value) => bool.TryParse(text, out value) ? null : $"\"{text}\" is neither true nor false";

    private static string? ReadGlob(string text, out string value)
    {
        value = text;
        return Glob.IsWellFormed(text) ? null : $"\"{text}\" is not a pattern";
    }

    private static string? ReadNetwork(string text, out IPNetwork network)
    {
        if (!text.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(text, out var address))
        {
            network = new IPNetwork(address, 8 * address.GetAddressBytes().Length);
            return null;
        }

        // .NET takes bits behind the length for none; whoever wrote them meant something else.
        return IPNetwork.TryParse(text, out network) && IPAddress.TryParse(text.Split('/')[0], out var first) && first.Equals(network.BaseAddress) ? null : $"\"{text}\" is no network: write 10.1.0.0/16, with no bits behind its length, or an address";
    }

    /// <summary>Reads a day or a time, UTC.</summary>
    public static string? ReadTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time)
            ? null
            : $"\"{text}\" is no time: write 2026-01-31 or 2026-01-31T18:00:00Z";

    private static bool IsName(string name) =>
        name.Length <= 64 && name[0] != '-' && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
