using System.Collections.Immutable;
using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Configuration;
using ProxyCluster.GoModules.Protocol;
using YamlDotNet.RepresentationModel;

namespace ProxyCluster.Policy;

/// <summary>
/// A question with the answer that a policy's author expects, so that a change is tried before it is pushed.
/// </summary>
/// <param name="Line">Where it stands in its file; 0 where it has none.</param>
/// <param name="Question">The question, with what would be known of the version.</param>
/// <param name="Region">Region of the member that is asked.</param>
/// <param name="At">When; null for now.</param>
/// <param name="Expected">Allowed or blocked; null where nothing is expected.</param>
/// <param name="Rule">By which rule; null where that does not matter.</param>
/// <param name="Warnings">Rules that warn; null where that does not matter.</param>
internal sealed record PolicyCase(
    long Line, PolicyQuestion Question, string Region, DateTimeOffset? At, PolicyVerdict? Expected, string? Rule, ImmutableArray<string>? Warnings)
{
    private const int MaxCases = 10_000;

    private static readonly string[] TopKeys = ["cases"];
    private static readonly string[] Keys = ["ask", "expect", "rule", "warnings", "client", "region", "at", "seen", "size", "origin"];
    private static readonly string[] ClientKeys = ["subject", "group", "namespace", "address"];

    /// <summary>The cases of a text; null where there are mistakes.</summary>
    public static IReadOnlyList<PolicyCase>? ReadOrNull(string yaml, out ImmutableArray<PolicyMistake> mistakes) =>
        PolicyYaml.ReadOrNull(yaml, "cases are one document with cases", ReadAllOrNull, out mistakes);

    /// <summary>What a policy does to it. What nobody said of the version counts as not known of it.</summary>
    public PolicyExplanation Ask(PolicySet policy, DateTimeOffset now, PolicyAdvisories advisories)
    {
        var at = At ?? now;
        return policy.Explain(Question.Version is null ? Question : Question with { Facts = (Question.Facts ?? PolicyFacts.Unseen(at)) with { Now = at } }, Region, at, advisories with { At = at });
    }

    /// <summary>What is other than expected; null where nothing is.</summary>
    public string? FaultOrNull(PolicyDecision decision)
    {
        var by = decision.Rule is null ? "no rule" : $"rule {decision.Rule}";
        if (Expected is { } expected && expected != decision.Verdict)
            return $"{Question} is {(decision.Verdict == PolicyVerdict.Block ? $"blocked by {by}: {decision.Reason}" : $"allowed by {by}")}";
        if (Rule is not null && Rule != decision.Rule)
            return $"{Question} is decided by {by}, not by {Rule}";
        var warned = decision.Warnings.Select(static warning => warning.Rule);
        return Warnings is { } wanted && !wanted.ToHashSet(StringComparer.Ordinal).SetEquals(warned) ? $"{Question} is warned of by {(warned.Any() ? string.Join(", ", warned) : "no rule")}" : null;
    }

    private static List<PolicyCase>? ReadAllOrNull(YamlMappingNode root, List<PolicyMistake> mistakes)
    {
        var top = new PolicyMap(root, TopKeys, [], mistakes);
        if (top.NodeOrNull("cases") is not YamlSequenceNode cases || cases.Children.Count is 0 or > MaxCases)
        {
            top.Fault(top.NodeOrNull("cases"), $"cases must be a list of at most {MaxCases}: one \"- {{ask: MODULE@VERSION, expect: block}}\" for each");
            return null;
        }

        return [.. cases.Children.Select(node => ReadOrNull(node, mistakes)).OfType<PolicyCase>()];
    }

    private static PolicyCase? ReadOrNull(YamlNode node, List<PolicyMistake> mistakes)
    {
        if (node is not YamlMappingNode mapping)
        {
            mistakes.Add(PolicyMistake.At(node.Start, "a case must be a mapping that begins with \"- ask: …\""));
            return null;
        }

        var map = new PolicyMap(mapping, Keys, [], mistakes);
        if (map.NodeOrNull("ask") is null)
            map.Fault(null, "a case needs what is asked: MODULE@VERSION, MODULE@latest, MODULE@BRANCH, or MODULE for its list");
        var what = map.ValueOrNull<ProxyPath>("ask", static (string text, out ProxyPath value) => ProxyPath.TryParseName(text, out value, out var fault) ? null : fault);
        PolicyFacts? facts = null;
        if (map.NodeOrNull("seen") is not null || map.NodeOrNull("size") is not null || map.NodeOrNull("origin") is not null)
        {
            facts = new PolicyFacts(
                default,
                map.ValueOrNull<DateTimeOffset>("seen", PolicyReader.ReadTime),
                map.ValueOrNull<long>("size", static (string text, out long bytes) => ByteSize.TryParse(text, out bytes) ? null : $"\"{text}\" is no size: {ByteSize.Allowed}"),
                PolicyReader.Flags(map, "origin", Origins.None, static (all, one) => all | one));
        }

        var question = what is { } path ? PolicyQuestion.OfOrNull(path, ReadClient(map.MapOrNull("client", ClientKeys, [])), facts) : null;
        var expected = map.ValueOrNull<PolicyVerdict>("expect", static (string text, out PolicyVerdict verdict) =>
            (verdict = text == "block" ? PolicyVerdict.Block : PolicyVerdict.Allow) == PolicyVerdict.Block || text == "allow" ? null : $"\"{text}\" is neither allow nor block");
        ImmutableArray<string>? warnings = map.NodeOrNull("warnings") switch
        {
            null => null,
            YamlSequenceNode { Children.Count: 0 } => [], // no rule warns
            _ => [.. map.Texts("warnings").Select(static one => one.Text)],
        };
        if (expected is null && map.NodeOrNull("expect") is null && map.NodeOrNull("rule") is null && warnings is null)
            map.Fault(null, "a case expects something: expect, rule or warnings");
        return question is null ? null : new PolicyCase(
            node.Start.Line, question.Value, map.TextOrNull("region") ?? "", map.ValueOrNull<DateTimeOffset>("at", PolicyReader.ReadTime), expected, map.TextOrNull("rule"), warnings);
    }

    private static PolicyClient ReadClient(PolicyMap? map)
    {
        if (map is null)
            return new PolicyClient(null, "", null);
        var (subject, groups) = (map.TextOrNull("subject"), map.Texts("group"));
        if (subject is null && groups.Length > 0)
            map.Fault(groups[0].Node, "a client with groups has a subject");
        return new PolicyClient(
            subject is null ? null : Identity.OrNull(subject, groups.Select(static one => one.Text)),
            map.TextOrNull("namespace") ?? "",
            map.Values<IPAddress>("address", static (string text, out IPAddress value) => IPAddress.TryParse(text, out value!) ? null : $"\"{text}\" is no address").FirstOrDefault());
    }
}
