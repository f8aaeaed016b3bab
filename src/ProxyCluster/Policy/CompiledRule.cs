using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Policy;

/// <summary>
/// A rule, ready to be asked. Its conditions stand in groups, by what they look at, so that each is looked at as seldom as it can
/// change: the member and the time once a second, module and version once for each, the question and who asks every time.
/// Whoever keeps something from clients names a module under any name of its repository; whoever lets something through, as written.
/// </summary>
internal sealed class CompiledRule
{
    private const string NoNamespace = "-";

    private readonly RuleMatch _match;
    private readonly NamedModules? _modules;
    private readonly ImmutableArray<IPNetwork> _networks;
    private readonly string? _finding;

    public CompiledRule(PolicyRule rule)
    {
        (Rule, _match) = (rule, rule.Match);
        _modules = _match.Modules.Length > 0 ? new NamedModules(_match.Modules) : null;

        // An IPv4 client on a socket for both families has an address of the other family.
        _networks = [.. _match.Networks, .. _match.Networks.Where(static network => network.BaseAddress.GetAddressBytes().Length == 4)
            .Select(static network => new IPNetwork(network.BaseAddress.MapToIPv6(), 96 + network.PrefixLength))];
        Decided = rule.Action.Verb == RuleVerb.Allow
            ? new PolicyDecision(PolicyVerdict.Allow, rule.Name)
            : new PolicyDecision(PolicyVerdict.Block, rule.Name, rule.Action.Text, rule.Action.Instead);
        Warning = rule.Action.Verb == RuleVerb.Warn ? new PolicyWarning(rule.Name, rule.Action.Text) : null;
    }

    // About one version: what was found of it is said in place of the rule's own word.
    private CompiledRule(CompiledRule rule, string finding, string? instead)
    {
        (Rule, _match, _modules, _networks, _finding) = (rule.Rule, rule._match, rule._modules, rule._networks, finding);
        Decided = rule.Decided.Verdict == PolicyVerdict.Allow ? rule.Decided : rule.Decided with { Reason = Reason(finding), Instead = rule.Decided.Instead ?? instead };
        Warning = rule.Warning is { } warning ? warning with { Text = Reason(finding) } : null;
    }

    /// <summary>As it is written.</summary>
    public PolicyRule Rule { get; }

    /// <summary>What it says to all that it is about, made once.</summary>
    public PolicyDecision Decided { get; }

    /// <summary>What it warns of; null where it does something else.</summary>
    public PolicyWarning? Warning { get; }

    /// <summary>Has it a say in what is given? Others say where it is asked for, or what people see.</summary>
    public bool Decides => Rule.Action.Verb is not (RuleVerb.Rewrite or RuleVerb.Redirect);

    /// <summary>Does it matter who asks?</summary>
    public bool DependsOnClient => _match is not { Namespaces: [], Subjects: [], Groups: [], Networks: [], Percent: null };

    /// <summary>Does it matter what is stored?</summary>
    public bool DependsOnFacts => _match.Origins != Origins.None || Rule.Action.Verb is RuleVerb.Cooldown or RuleVerb.MaxSize;

    /// <summary>Is it about versions, and not about a module as a whole?</summary>
    public bool NeedsVersion => DependsOnFacts || _match is not { Versions: [], Kinds: VersionKinds.None, Advisories: null };

    /// <summary>Does it matter which advisories there are?</summary>
    public bool DependsOnAdvisories => _match.Advisories is not null;

    /// <summary>Does it keep something from clients?</summary>
    public bool IsRestrictive => Rule.Action.Verb is RuleVerb.Block or RuleVerb.Cooldown or RuleVerb.MaxSize;

    /// <summary>Is all behind it out of reach of a version's question, once module and version are what it is about?</summary>
    public bool IsLast => Rule.Action.Verb is RuleVerb.Allow or RuleVerb.Block && !DependsOnClient && !DependsOnFacts;

    /// <summary>Of a rewrite, where it leads, by a policy of this number.</summary>
    public PolicyRewrite RewriteOf(long number) => new(
        number, Rule.Name, Rule.Action.To,
        Rule.Action.Repository is { } url ? new RepositoryRoot(_match.Modules, "git", url) { IsOfPath = true } : null);

    /// <summary>Which condition on the member and the time does not hold; null where all do.</summary>
    public string? UnmetHereOrNull(string region, DateTimeOffset now) =>
        _match.Regions is not [] && !_match.Regions.Contains(region) ? "regions"
        : now < Rule.From ? "from"
        : now >= Rule.Until ? "until"
        : _match.Hours is { } hours && !hours.Include(now) ? "hours"
        : _match.Days is not [] && !_match.Days.Contains(now.UtcDateTime.DayOfWeek) ? "weekdays"
        : null;

    /// <summary>Is it about a module? The plain name is that of <see cref="NamedModules.PlainName"/>.</summary>
    public bool IsAbout(ModulePath module, string plainName) =>
        _modules is null || (Rule.Action.Verb == RuleVerb.Allow ? _modules.Include(module) : _modules.IncludeUnderAnyName(module.Value, plainName));

    /// <summary>The rule, with what it has to say of a version that it is about; null, and the condition that does not hold, for others.</summary>
    public CompiledRule? ForVersionOrNull(ModulePath module, string version, PolicyAdvisories advisories, out string? unmet)
    {
        unmet = UnmetVersionOrNull(version);
        if (unmet is not null || _match.Advisories is not { } condition)
            return unmet is null ? this : null;
        if (advisories.Find(condition, module, version) is { Count: > 0 } found)
            return new CompiledRule(this, PolicyAdvisories.Say(found), PolicyAdvisories.FixedOrNull(found) is { } first ? $"{module}@{first}" : null);
        unmet = "advisories";
        return null;
    }

    private string? UnmetVersionOrNull(string version)
    {
        if (_match.Kinds != VersionKinds.None && (_match.Kinds & KindsOf(version)) == VersionKinds.None)
            return "kinds";
        if (_match.Versions is [])
            return null;
        foreach (var range in _match.Versions)
        {
            if (range.Includes(version))
                return null;
        }

        return "versions";
    }

    /// <summary>Is it about questions of a kind?</summary>
    public bool IsAbout(AskKinds kind) => (_match.Queries == AskKinds.None || (_match.Queries & kind) != AskKinds.None) && (_match.Refs is [] || kind == AskKinds.Moving);

    /// <summary>Which condition on the question and who asks does not hold; null where all do. Hot path: does not allocate.</summary>
    public string? UnmetByAskOrNull(in PolicyQuestion question) =>
        !IsAbout(question.Kind) ? "query"
        : _match.Refs is not [] && !Matches(_match.Refs, question.Reference) ? "refs"
        : DependsOnClient ? UnmetByClientOrNull(question.Client)
        : null;

    /// <summary>Is its page to be looked at elsewhere by this client?</summary>
    public bool IsPageOf(in PolicyClient client) => !DependsOnClient || UnmetByClientOrNull(client) is null;

    /// <summary>Which condition on what is stored does not hold; null where all do.</summary>
    public string? UnmetByFactsOrNull(in PolicyFacts facts) => _match.Origins != Origins.None && (_match.Origins & facts.Origin) == Origins.None ? "origin" : null;

    /// <summary>What it says of a version that it is about; null where it says nothing, and those behind it are asked.</summary>
    public PolicyDecision? DecideOrNull(in PolicyFacts facts)
    {
        switch (Rule.Action)
        {
            case { Verb: RuleVerb.Cooldown, Wait: var wait } when facts.FirstSeen is not { } seen:
                return Decided with { Reason = Reason($"it has not been seen here before, and waits {wait.TotalDays} days from when it is") };
            case { Verb: RuleVerb.Cooldown, Wait: var wait } when facts.FirstSeen + wait > facts.Now:
                var since = string.Create(
                    CultureInfo.InvariantCulture, $"it was first seen here on {facts.FirstSeen:yyyy-MM-dd HH:mm} UTC, and waits until {facts.FirstSeen + wait:yyyy-MM-dd HH:mm} UTC");
                return Decided with { Reason = Reason(since) };
            case { Verb: RuleVerb.MaxSize, MaxBytes: var most } when facts.ZipBytes > most:
                return Decided with { Reason = Reason(string.Create(CultureInfo.InvariantCulture, $"its zip has {facts.ZipBytes} bytes, allowed are {most}")) };
            case { Verb: RuleVerb.Allow or RuleVerb.Block }:
                return Decided;
            default:
                return null;
        }
    }

    private string Reason(string fact)
    {
        var all = _finding is null || ReferenceEquals(fact, _finding) ? fact : $"{_finding}; {fact}";
        return Rule.Action.Text.Length > 0 ? $"{all}: {Rule.Action.Text}" : all;
    }

    /// <summary>The kinds of a version.</summary>
    public static VersionKinds KindsOf(string version) =>
        (Semver.Build(version).Length > 0 ? VersionKinds.Incompatible : VersionKinds.None)
        | (PseudoVersion.IsPseudo(version) ? VersionKinds.Pseudo : Semver.Prerelease(version).Length > 0 ? VersionKinds.Prerelease : VersionKinds.Release);

    private string? UnmetByClientOrNull(in PolicyClient client)
    {
        if (_match.Namespaces is not [] && !Matches(_match.Namespaces, client.Namespace.Length > 0 ? client.Namespace : NoNamespace))
            return "namespace";
        if (_match.Subjects is not [] && (client.Identity is null || !Matches(_match.Subjects, client.Identity.Subject)))
            return "subject";
        if (_match.Groups is not [] && !IsInGroup(client.Identity))
            return "group";
        if (_match.Networks is not [] && !IsInNetwork(client.Address))
            return "address";
        return _match.Percent is { } percent && ClientShare.Of(Rule.Name, client) >= percent ? "percent" : null;
    }

    private bool IsInGroup(Identity? identity)
    {
        if (identity is null)
            return false;
        foreach (var group in identity.Groups)
        {
            if (Matches(_match.Groups, group))
                return true;
        }

        return false;
    }

    private bool IsInNetwork(IPAddress? address)
    {
        if (address is null)
            return false;
        foreach (var network in _networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    private static bool Matches(ImmutableArray<string> globs, string text)
    {
        foreach (var glob in globs)
        {
            if (Glob.IsMatch(glob, text))
                return true;
        }

        return false;
    }
}
