using System.Collections.Immutable;
using ProxyCluster.Access;

namespace ProxyCluster.Policy;

/// <summary>A whole policy, compiled, with its number; immutable. What of it counts at a place and a time is an <see cref="ActivePolicy"/>.</summary>
/// <param name="Number">Counts policies of the cluster, from 1; 0 where there is none.</param>
/// <param name="Rules">In their order.</param>
internal sealed record PolicySet(long Number, ImmutableArray<CompiledRule> Rules)
{
    /// <summary>None.</summary>
    public static PolicySet None { get; } = new(0, []);

    /// <summary>Compiles a policy.</summary>
    public static PolicySet Of(long number, PolicyDocument document) => new(number, [.. document.Rules.Select(static rule => new CompiledRule(rule))]);

    /// <summary>The rules that count in a region at a time.</summary>
    public ImmutableArray<CompiledRule> At(string region, DateTimeOffset now) => [.. Rules.Where(rule => rule.UnmetHereOrNull(region, now) is null)];

    /// <summary>What becomes of a question, and what each rule had to do with it. The facts' time is now.</summary>
    public PolicyExplanation Explain(in PolicyQuestion question, string region, DateTimeOffset now, PolicyAdvisories advisories)
    {
        var plainName = NamedModules.PlainName(question.Module.Value);
        var (steps, matching, isRewritten) = (new List<PolicyStep>(), new List<CompiledRule>(), false);
        foreach (var rule in Rules)
        {
            var bound = rule;
            var unmet = rule.UnmetHereOrNull(region, now)
                ?? (rule.IsAbout(question.Module, plainName) ? null : "modules")
                ?? (rule.DependsOnAdvisories && !advisories.Set.Concerns(question.Module.Value) ? "advisories" : null);
            if (unmet is null && question.Version is { } version)
                bound = rule.ForVersionOrNull(question.Module, version, advisories, out unmet);
            unmet ??= rule.UnmetByAskOrNull(question);
            steps.Add(new PolicyStep(rule.Rule.Name, unmet is not null ? $"not for this: {unmet}" : rule.Decides ? "matches" : AsideOf(rule, ref isRewritten)));
            if (unmet is null && rule.Decides)
                matching.Add(bound!);
        }

        var decision = ActivePolicy.Decide([.. matching], question);
        var end = steps.FindIndex(step => step.Rule == decision.Rule);
        for (var i = 0; i < steps.Count; i++)
        {
            if (i == end)
                steps[i] = steps[i] with { Result = decision.Verdict == PolicyVerdict.Allow ? "allows it" : "blocks it" };
            else if (end >= 0 && i > end && Rules[i].Decides)
                steps[i] = steps[i] with { Result = "not reached" };
            else if (steps[i].Result == "matches")
                steps[i] = steps[i] with { Result = ResultOf(steps[i].Rule, decision) };
        }

        return new PolicyExplanation(Number, decision, [.. steps]);
    }

    // What decides nothing, and so stands behind nothing that does.
    private string AsideOf(CompiledRule rule, ref bool isRewritten)
    {
        if (rule.Rule.Action.Verb == RuleVerb.Redirect)
            return $"sends people who look at its page to {rule.Rule.Action.To}";
        var isFirst = !isRewritten;
        isRewritten = true;
        return isFirst ? $"has it asked for at {rule.RewriteOf(Number).Place}" : "not reached";
    }

    private static string ResultOf(string rule, PolicyDecision decision) =>
        decision.Warnings.Any(warning => warning.Rule == rule) ? "warns"
        : decision.Verdict == PolicyVerdict.Pending ? "is decided by what is stored, once it is"
        : "is about this, and lets it pass";
}

/// <summary>A decision with its way.</summary>
/// <param name="Number">The policy's number.</param>
/// <param name="Decision">What is decided.</param>
/// <param name="Steps">Every rule, in order.</param>
internal sealed record PolicyExplanation(long Number, PolicyDecision Decision, ImmutableArray<PolicyStep> Steps);

/// <summary>What a rule had to do with a decision.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Result">In words.</param>
internal sealed record PolicyStep(string Rule, string Result);
