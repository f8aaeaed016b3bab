using System.Collections.Immutable;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;

namespace ProxyCluster.Policy;

/// <summary>
/// What of a policy counts at this member now: immutable, and replaced as a whole when the policy or the hour changes.
/// <para>
/// <b>How it decides.</b> The first rule that allows or blocks wins; warnings are gathered on the way there; a cooldown or a size blocks, or lets
/// pass to the next rule. Where none decides it is allowed.
/// </para>
/// <para>
/// <b>What it costs.</b> Which rules are about a module and one of its versions is found once and kept with this object, so nothing
/// has to be thrown away when it is replaced. Where none of them looks at who asks or at what is stored, the decision itself is kept,
/// for anybody. All else asks those few rules again: a thousand rules cost a hit what its own cost.
/// </para>
/// <para>
/// <b>Where a module is asked for</b> says the first rewrite of it, wherever it stands among the others: it decides nothing, and who asks does not
/// matter.
/// </para>
/// <para>
/// <b>Questions that name no version</b> (lists, <c>@latest</c>, branches) are refused only where no version would be had: a rule about
/// versions that allows some leaves it to their own decisions, by which lists are filtered. A question that names a version and is of
/// another kind than <see cref="AskKinds.Version"/> is that of such an answer: may it name the version?
/// </para>
/// </summary>
internal sealed class ActivePolicy(long number, int version, ImmutableArray<CompiledRule> rules, PolicyAdvisories advisories)
{
    // Some 20,000 module versions.
    private const long MemoryBytes = 8 << 20;
    private const long WeightOfOne = 120;

    private readonly WeightedCache<OfModule> _modules = new(MemoryBytes / 2);
    private readonly WeightedCache<OfVersion> _versions = new(MemoryBytes);
    private readonly bool _hasRewrites = rules.Any(static rule => rule.Rule.Action.Verb == RuleVerb.Rewrite);
    private readonly ImmutableArray<CompiledRule> _redirects = [.. rules.Where(static rule => rule.Rule.Action.Verb == RuleVerb.Redirect)];

    /// <summary>Nothing is decided by it.</summary>
    public static ActivePolicy None { get; } = new(0, 0, [], PolicyAdvisories.None);

    /// <summary>The policy's number; 0 where there is none.</summary>
    public long Number => number;

    /// <summary>Counts changes of this member's, from 0: a number counts again with other rules when the hour changes.</summary>
    public int Version => version;

    /// <summary>The rules.</summary>
    public ImmutableArray<CompiledRule> Rules => rules;

    /// <summary>What it knows of vulnerabilities.</summary>
    public PolicyAdvisories Advisories => advisories;

    /// <summary>The number as a header's value; empty where there is none. Made once.</summary>
    public string Header { get; } = number == 0 ? "" : number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>May a version of the module be refused that its list names?</summary>
    public bool HidesSomeOf(ModulePath module) => rules.Length > 0 && RulesOf(module).IsRestrictive;

    /// <summary>Who is asked for the module in place of the list of upstreams; null for the list.</summary>
    public PolicyRewrite? RewriteOrNull(ModulePath module) => _hasRewrites ? RulesOf(module).Rewrite : null;

    /// <summary>Where people find a module's page; null where no rule says.</summary>
    public string? PageOrNull(ModulePath module, string? version, in PolicyClient client)
    {
        if (_redirects.IsEmpty)
            return null;
        var plainName = NamedModules.PlainName(module.Value);
        foreach (var rule in _redirects)
        {
            if (rule.IsAbout(module, plainName) && rule.IsPageOf(client))
                return PageAddress.Of(rule.Rule.Action.To, module, version);
        }

        return null;
    }

    /// <summary>Decides, and says whether it decides the same for anybody. Hot path: does not allocate where the version was asked for before.</summary>
    public PolicyDecision Decide(in PolicyQuestion question, out bool isForAnybody)
    {
        isForAnybody = true;
        if (rules.Length == 0)
            return PolicyDecision.Allowed;
        if (question.Version is null)
        {
            // What is named in answer is for some where any version is.
            var module = RulesOf(question.Module);
            isForAnybody = !module.DependsOnClient;
            return Decide(module.Rules, question);
        }

        var of = RulesOf(question.Module, question.Version);
        if (question.Kind != AskKinds.Version)
        {
            isForAnybody = !RulesOf(question.Module).DependsOnClient;
            return Decide(of.Naming, question);
        }

        isForAnybody = of.IsForAnybody;
        return of.FixedOrNull ?? Decide(of.Rules, question);
    }

    /// <summary>Decides by rules that are about the module, and the version if there is one.</summary>
    public static PolicyDecision Decide(ReadOnlySpan<CompiledRule> rules, in PolicyQuestion question)
    {
        List<PolicyWarning>? warnings = null;
        foreach (var rule in rules)
        {
            if (rule.UnmetByAskOrNull(question) is not null)
                continue;
            if (question.Version is null && rule.NeedsVersion)
            {
                if (rule.Rule.Action.Verb == RuleVerb.Allow)
                    break;
                continue;
            }

            if (rule.DependsOnFacts)
            {
                if (question.Facts is null)
                    return PolicyDecision.Pending;
                if (rule.UnmetByFactsOrNull(question.Facts.Value) is not null)
                    continue;
            }

            if (rule.Warning is { } warning)
                (warnings ??= []).Add(warning);
            else if (rule.DecideOrNull(question.Facts ?? default) is { } decided)
                return warnings is null ? decided : decided with { Warnings = [.. warnings] };
        }

        return warnings is null ? PolicyDecision.Allowed : PolicyDecision.Allowed with { Warnings = [.. warnings] };
    }

    private OfModule RulesOf(ModulePath module) => _modules.FindOrNull(module.Value) ?? FindRules(module);

    // Apart from the look: what its lambdas hold is made at a method's beginning.
    private OfModule FindRules(ModulePath module)
    {
        var plainName = NamedModules.PlainName(module.Value);
        var isAdvised = advisories.Set.Concerns(module.Value);
        CompiledRule[] about = [.. rules.Where(rule => rule.Decides && rule.IsAbout(module, plainName) && (isAdvised || !rule.DependsOnAdvisories))];
        var rewrite = _hasRewrites ? rules.FirstOrDefault(rule => rule.Rule.Action.Verb == RuleVerb.Rewrite && rule.IsAbout(module, plainName)) : null;
        var known = new OfModule(about, about.Any(static rule => rule.DependsOnClient), about.Any(static rule => rule.IsRestrictive), rewrite?.RewriteOf(number));
        _modules.Set(module.Value, known, WeightOfOne + (8 * about.Length));
        return known;
    }

    private OfVersion RulesOf(ModulePath module, string canonical)
    {
        // No module path has an at sign.
        Span<char> buffer = stackalloc char[256];
        var length = module.Value.Length + 1 + canonical.Length;
        var key = length <= buffer.Length ? buffer[..length] : new char[length];
        module.Value.CopyTo(key);
        key[module.Value.Length] = '@';
        canonical.CopyTo(key[(module.Value.Length + 1)..]);
        return _versions.FindOrNull(key) ?? FindRules(module, canonical, key.ToString());
    }

    private OfVersion FindRules(ModulePath module, string canonical, string key)
    {
        CompiledRule[] all = [.. RulesOf(module).Rules.Select(rule => rule.ForVersionOrNull(module, canonical, advisories, out _)).OfType<CompiledRule>()];
        var about = all.Where(static rule => rule.IsAbout(AskKinds.Version)).ToList();
        var last = about.FindIndex(static rule => rule.IsLast);
        CompiledRule[] reached = [.. last < 0 ? about : about.Take(last + 1)];
        var isForAnybody = reached.All(static rule => !rule.DependsOnClient);
        var known = new OfVersion(
            reached,
            all,
            isForAnybody,
            isForAnybody && reached.All(static rule => !rule.DependsOnFacts) ? Decide(reached, new PolicyQuestion(module, canonical, AskKinds.Version, "", default)) : null);
        _versions.Set(key, known, WeightOfOne + (8 * (reached.Length + all.Length)));
        return known;
    }

    private sealed record OfModule(CompiledRule[] Rules, bool DependsOnClient, bool IsRestrictive, PolicyRewrite? Rewrite);

    private sealed record OfVersion(CompiledRule[] Rules, CompiledRule[] Naming, bool IsForAnybody, PolicyDecision? FixedOrNull);
}
