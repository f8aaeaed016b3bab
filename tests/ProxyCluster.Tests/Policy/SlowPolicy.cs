using System.Net;
using System.Numerics;
using System.Text.RegularExpressions;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>
/// A policy as its documentation says it, rule by rule and without a thought for time: the reference that the compiled one must equal. It has
/// nothing of it but the parsed text.
/// </summary>
internal static class SlowPolicy
{
    public static (PolicyVerdict Verdict, string? Rule, string[] Warnings) Decide(
        PolicyDocument policy, PolicyQuestion question, string region, DateTimeOffset now, AdvisorySet advisories)
    {
        var warnings = new List<string>();
        foreach (var rule in policy.Rules)
        {
            var match = rule.Match;

            // 1. Place and time.
            if (match.Regions.Length > 0 && !match.Regions.Contains(region))
                continue;
            if (now < rule.From || now >= rule.Until || (match.Days.Length > 0 && !match.Days.Contains(now.UtcDateTime.DayOfWeek)))
                continue;
            if (match.Hours is { } hours)
            {
                var (minute, from, until) = (now.UtcDateTime.TimeOfDay.TotalMinutes, hours.From.ToTimeSpan().TotalMinutes, hours.Until.ToTimeSpan().TotalMinutes);
                if (from < until ? minute < from || minute >= until : minute < from && minute >= until)
                    continue;
            }

            // 2. What is asked.
            var isLoose = rule.Action.Verb != RuleVerb.Allow;
            if (match.Modules.Length > 0 && !match.Modules.Split(',').Any(glob => Covers(glob, question.Module.Value) || (isLoose && Covers(Plain(glob), Plain(question.Module.Value)))))
                continue;
            if (match.Advisories is not null && !advisories.Concerns(question.Module.Value))
                continue;
            if (match.Queries != AskKinds.None && !match.Queries.HasFlag(question.Kind))
                continue;
            if (match.Refs.Length > 0 && !(question.Kind == AskKinds.Moving && match.Refs.Any(glob => Like(glob, question.Reference))))
                continue;

            // 3. Who asks.
            var client = question.Client;
            if (match.Namespaces.Length > 0 && !match.Namespaces.Any(glob => Like(glob, client.Namespace == "" ? "-" : client.Namespace)))
                continue;
            if (match.Subjects.Length > 0 && !(client.Identity is { } named && match.Subjects.Any(glob => Like(glob, named.Subject))))
                continue;
            if (match.Groups.Length > 0 && !(client.Identity is { } grouped && match.Groups.Any(glob => grouped.Groups.Any(group => Like(glob, group)))))
                continue;
            if (match.Networks.Length > 0 && !(client.Address is { } address && match.Networks.Any(network => IsIn(network, address))))
                continue;
            if (match.Percent is { } percent && ClientShare.Of(rule.Name, client) >= percent)
                continue;

            // 4. The version, where the question names one.
            var isOfVersions = match.Versions.Length > 0 || match.Kinds != VersionKinds.None || match.Origins != Origins.None || match.Advisories is not null
                || rule.Action.Verb is RuleVerb.Cooldown or RuleVerb.MaxSize;
            if (question.Version is null && isOfVersions)
            {
                if (rule.Action.Verb == RuleVerb.Allow)
                    break;
                continue;
            }

            if (question.Version is { } version)
            {
                if (match.Kinds != VersionKinds.None && (match.Kinds & Kinds(version)) == VersionKinds.None)
                    continue;
                if (match.Versions.Length > 0 && !match.Versions.Any(range => range.Text.Split(' ').All(bound => Holds(bound, version))))
                    continue;
                if (match.Advisories is { } wanted && !advisories.Find(question.Module.Value, version, now).Any(found => IsMeant(wanted, found)))
                    continue;
            }

            // 5. What is stored.
            if (match.Origins != Origins.None || rule.Action.Verb is RuleVerb.Cooldown or RuleVerb.MaxSize)
            {
                if (question.Facts is not { } facts)
                    return (PolicyVerdict.Pending, null, []);
                if (match.Origins != Origins.None && !match.Origins.HasFlag(facts.Origin | Origins.None) | facts.Origin == Origins.None)
                    continue;
                if (rule.Action.Verb == RuleVerb.Cooldown && facts.FirstSeen is { } seen && facts.Now - seen >= rule.Action.Wait)
                    continue;
                if (rule.Action.Verb == RuleVerb.MaxSize && (facts.ZipBytes is not { } bytes || bytes <= rule.Action.MaxBytes))
                    continue;
            }

            // 6. What becomes of it.
            if (rule.Action.Verb == RuleVerb.Warn)
                warnings.Add(rule.Name);
            else
                return (rule.Action.Verb == RuleVerb.Allow ? PolicyVerdict.Allow : PolicyVerdict.Block, rule.Name, [.. warnings]);
        }

        return (PolicyVerdict.Allow, null, [.. warnings]);
    }

    private static bool IsMeant(AdvisoryCondition wanted, AdvisoryMatch found) =>
        (wanted.Ids.Length == 0 || found.Advisory.Aliases.Append(found.Id).Any(name => wanted.Ids.Any(glob => Like(glob, name))))
        && (wanted.AtLeast is null || (found.Advisory.Severity?.Level ?? (wanted.WithUnrated ? SeverityLevel.Critical : SeverityLevel.None)) >= wanted.AtLeast)
        && (wanted.IsFixed is null || wanted.IsFixed == (found.FirstFixed != null));

    private static string Plain(string path) => string.Join('/', path.ToLowerInvariant().Split('/').Select(static part => part.EndsWith(".git", StringComparison.Ordinal) ? part[..^4] : part));

    private static bool Covers(string glob, string path)
    {
        var (wanted, parts) = (glob.Split('/').Length, path.Split('/'));
        return parts.Length >= wanted && Like(glob, string.Join('/', parts.Take(wanted)));
    }

    private static bool Like(string glob, string text) =>
        Regex.IsMatch(text, $"^{Regex.Escape(glob).Replace("\\*", "[^/]*", StringComparison.Ordinal).Replace("\\?", "[^/]", StringComparison.Ordinal)}$");

    private static bool IsIn(IPNetwork network, IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var (bits, mine) = (network.BaseAddress.GetAddressBytes(), address.GetAddressBytes());
        return bits.Length == mine.Length && Enumerable.Range(0, network.PrefixLength).All(bit => (bits[bit / 8] >> (7 - (bit % 8)) & 1) == (mine[bit / 8] >> (7 - (bit % 8)) & 1));
    }

    private static VersionKinds Kinds(string version)
    {
        var kinds = version.EndsWith("+incompatible", StringComparison.Ordinal) ? VersionKinds.Incompatible : VersionKinds.None;
        var bare = version.Split('+')[0];
        return kinds | (Regex.IsMatch(bare, @"[-.]\d{14}-[0-9a-f]{12}$") ? VersionKinds.Pseudo : bare.Contains('-', StringComparison.Ordinal) ? VersionKinds.Prerelease : VersionKinds.Release);
    }

    private static bool Holds(string bound, string version)
    {
        var sign = Regex.Match(bound, "^[<>=]*").Value;
        var order = Order(version, bound[sign.Length..]);
        return sign switch { ">=" => order >= 0, "<=" => order <= 0, ">" => order > 0, "<" => order < 0, _ => order == 0 };
    }

    // Semantic Versioning 2.0.0 §11, for the few forms that the test makes.
    private static int Order(string a, string b)
    {
        var (x, y) = (Cut(a), Cut(b));
        for (var i = 0; i < 3; i++)
        {
            if (x.Numbers[i].CompareTo(y.Numbers[i]) is not 0 and var order)
                return order;
        }

        if (x.Pre.Length == 0 || y.Pre.Length == 0)
            return (x.Pre.Length == 0).CompareTo(y.Pre.Length == 0);
        foreach (var (left, right) in x.Pre.Zip(y.Pre))
        {
            var (isLeft, isRight) = (BigInteger.TryParse(left, out var l), BigInteger.TryParse(right, out var r));
            var order = isLeft && isRight ? l.CompareTo(r) : isLeft != isRight ? (isLeft ? -1 : 1) : string.CompareOrdinal(left, right);
            if (order != 0)
                return order;
        }

        return x.Pre.Length.CompareTo(y.Pre.Length);
    }

    private static (BigInteger[] Numbers, string[] Pre) Cut(string version)
    {
        var bare = version.Split('+')[0][1..];
        var dash = bare.IndexOf('-', StringComparison.Ordinal);
        var numbers = (dash < 0 ? bare : bare[..dash]).Split('.').Select(BigInteger.Parse).Concat([0, 0, 0]).Take(3).ToArray();
        return (numbers, dash < 0 ? [] : bare[(dash + 1)..].Split('.'));
    }
}
