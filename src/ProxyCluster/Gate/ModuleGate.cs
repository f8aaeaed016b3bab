using System.Globalization;
using ProxyCluster.Access;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Gate;

/// <summary>
/// The only judge of what may be fetched or served. It is the first line of every walk, and asked again once it is known
/// what there is to serve; nothing else in the product judges.
/// <para>
/// <b>What it asks today.</b> Whether a client may know of a module, by its name alone and before anything else, so that those that exist and
/// those that do not are the same to it; what members ask for themselves is for clients whom they judge. Whether a name can be kept at all;
/// whether it may be sent to a checksum database for others; whether an operator has withdrawn the module version (<see cref="Ruling"/>); and whether what a record says of its proof is still enough: a module that was stored under a no-sum pattern must be proven once the pattern is gone, and one that another
/// database proved must be proven by today's. Then the cluster's policy: of a client's question, by the one that it came under
/// (<see cref="PolicyTrail"/>) until it has waited. What members ask for themselves it does not judge, nor another region by this one's rules.
/// </para>
/// <para>
/// <b>The fast path.</b> An entry in memory carries the version of the gate that let it through to anybody. It is served
/// without a question only while that is the present version, so a change of policy needs to find no entries: it counts
/// the version up. What was loaded for another reason carries none and waits for its first judged use.
/// </para>
/// </summary>
internal sealed class ModuleGate(Verifier verifier, RulingBook rulings, AccessRules access, PolicyBook policies, TimeProvider clock)
{
    // One text for all names: it says nothing of any of them.
    private static readonly Failure Hidden = new(
        FailureKind.Hidden, "not found: the module does not exist, or may not be read by whoever asks");

    private static readonly Failure LoginRequired = new(
        FailureKind.LoginRequired,
        "modules of this name are for those who log in: over https, put \"machine HOST:PORT login any password TOKEN\" into ~/.netrc\n"
        + "(HOST:PORT as in GOPROXY; go 1.19 wants it without the port), or set GOAUTH: see go help goauth");

    /// <summary>
    /// Counts changes of what is judged by, from 1. Whoever judges, and notes by what, reads it before. While a policy is rolled out there are two,
    /// so it is one that nothing was let through under. Hot path.
    /// </summary>
    public int Version => Now.Version;

    /// <summary>The same with the number of the policy, which goes with what was let through under that version. Hot path.</summary>
    public GateMoment Now
    {
        get
        {
            var inForce = policies.InForce;
            return inForce.Candidate is null ? new GateMoment(rulings.Version + inForce.Stable.Version, inForce.Stable.Header) : GateMoment.OfTwo;
        }
    }

    /// <summary>The version by which a question is judged now; 0 where what is let through is not for whoever asks next.</summary>
    public int VersionFor(in Ask ask)
    {
        var inForce = policies.InForce;
        return inForce.Candidate is null ? rulings.Version + (ask.Trail?.Policy ?? inForce.Stable).Version : 0;
    }

    /// <summary>What a client's question that comes now is judged by.</summary>
    public PolicyTrail NewTrail(in Asker who) => new(policies.InForce.Of(ClientOf(who)));

    /// <summary>Whoever has waited is judged by what counts now.</summary>
    public void Renew(in Ask ask) => ask.Trail?.Renew(policies.InForce.Of(ClientOf(ask.Who)));

    /// <summary>May some version of the module that is asked about be refused that its list names? Then each is judged before it is shown.</summary>
    public bool HidesSomeOf(in Ask ask) =>
        rulings.Current.Concerns(ask.What.Query.Path) || (ask.Trail?.Policy.HidesSomeOf(ask.What.Query.Path) ?? false);

    /// <summary>
    /// Who is to be asked for a module in place of the list of upstreams; null for the list. What is fetched is for everybody, so what is being
    /// rolled out has no say yet.
    /// </summary>
    public PolicyRewrite? RewriteOrNull(ModulePath module) => policies.InForce.Stable.RewriteOrNull(module);

    /// <summary>Where people who ask for a module's page find it, and by which policy; null where no rule says, or they may not know of the module.</summary>
    public ModulePage? PageOrNull(ModulePath module, string? version, in Asker who)
    {
        var policy = policies.InForce.Of(ClientOf(who));
        return policy.PageOrNull(module, version, ClientOf(who)) is { } url
            && JudgeByName(new Ask(ProxyPath.ToQuery(new Query(module, QueryKind.List)), who, AskLevel.Client, Door.Client)).Refusal is null
            ? new ModulePage(url, policy.Header)
            : null;
    }

    /// <summary>May this be asked, whatever is stored?</summary>
    public Verdict Judge(in Ask ask)
    {
        var verdict = JudgeByName(ask);
        return verdict.Refusal is null && ask.Trail is { } trail && QuestionOrNull(ask, null) is { } question ? JudgeByPolicy(trail, question, verdict) : verdict;
    }

    private Verdict JudgeByName(in Ask ask)
    {
        if (access.IsOpen || ModuleOrNull(ask.What) is not { } module || access.IsForAnybody(module))
            return JudgeName(ask);

        var isClients = ask.From is Door.Client or Door.Forwarded;
        if (isClients && !access.MayRead(module, ask.Who.Identity, ask.Who.Namespace))
            return Verdict.Refused(access.HasLogins && ask.Who.Identity is null ? LoginRequired : Hidden) with { IsForAnybody = false };
        return JudgeName(ask) with { IsForAnybody = false };
    }

    private Verdict JudgeName(in Ask ask) => ask.What.Asked switch
    {
        Asked.Artifact when !DataTree.Fits(ask.Module) => TooLong(ask.Module.ToString()),
        Asked.Artifact when rulings.Current.OfOrNull(ask.Module) is { Verb: RulingVerb.Withdraw } ruling => Withdrawn(ruling),
        Asked.Query or Asked.VersionPrefix when !DataTree.Fits(ask.What.Query.Path) => TooLong(ask.What.Query.Path.Value),
        Asked.ChecksumDatabase => JudgeLookup(ask.What.Text),
        _ => Verdict.Allowed,
    };

    /// <summary>May what <paramref name="record"/> names be served in answer to a question that may be asked?</summary>
    public Verdict Judge(in Ask ask, ModuleRecord record)
    {
        var verdict = (IsProven(record, ask.Kind) && !record.IsVoid(rulings) ? Verdict.Allowed : Verdict.Unproven) with
        {
            // What a member is given for whom it judges was not judged here: the next client's own question is.
            IsForAnybody = access.IsForAnybody(record.Module.Path) && (ask.Trail is not null || policies.InForce.IsOpen),
        };
        return ask.Trail is { } trail && QuestionOrNull(ask, FactsOf(record)) is { } question ? JudgeByPolicy(trail, question, verdict) : verdict;
    }

    /// <summary>
    /// Why an answer may not name a version to whoever asks, as far as is known of it; null where it may. What waits from when it is first seen,
    /// and was not, may not. It is no decision about the question itself, so it leaves no trail.
    /// </summary>
    /// <param name="ask">The question.</param>
    /// <param name="module">The version.</param>
    /// <param name="upstream">Who named it, and so would be asked for it; empty where that is what is stored.</param>
    /// <param name="find">Finds what is stored of it.</param>
    public Failure? WhyNotNamedOrNull(in Ask ask, ModuleVersion module, string upstream, Func<ModuleVersion, ModuleRecord?> find)
    {
        var about = ask.About(ProxyPath.ToArtifact(module, ArtifactKind.Info));
        if (JudgeByName(about).Refusal is { } refusal)
            return refusal;
        if (ask.Trail is not { } trail || QuestionOrNull(about, null) is not { } question)
            return null;

        // Will it be given? And may it be named where this is asked?
        var decision = Decide(question);
        if (decision.Verdict != PolicyVerdict.Block && QuestionOrNull(ask, null) is { Version: null, Kind: var kind })
            decision = Decide(question with { Kind = kind });
        return decision.Verdict == PolicyVerdict.Block ? BlockedBy(trail.Policy.Number, question, decision) : null;

        PolicyDecision Decide(PolicyQuestion question)
        {
            var decision = trail.Policy.Decide(question, out _);
            return decision.Verdict == PolicyVerdict.Pending
                ? trail.Policy.Decide(question with { Facts = find(module) is { } record ? FactsOf(record) : PolicyFacts.Unseen(clock.GetUtcNow(), upstream) }, out _)
                : decision;
        }
    }

    /// <summary>What the policy is asked; null where that is not about a module.</summary>
    public static PolicyQuestion? QuestionOrNull(in Ask ask, PolicyFacts? facts) =>
        PolicyQuestion.OfOrNull(ask.What, ClientOf(ask.Who), facts);

    // A warning goes with an answer, which memory would give without it.
    private static Verdict JudgeByPolicy(PolicyTrail trail, in PolicyQuestion question, Verdict verdict)
    {
        var decision = trail.Policy.Decide(question, out var isForAnybody);
        trail.Note(decision);
        return verdict with
        {
            Refusal = decision.Verdict == PolicyVerdict.Block ? BlockedBy(trail.Policy.Number, question, decision) : null,
            IsForAnybody = verdict.IsForAnybody && isForAnybody && decision.Warnings.IsEmpty,
        };
    }

    private static Failure BlockedBy(long number, in PolicyQuestion question, PolicyDecision decision) => new(
        FailureKind.Blocked,
        $"{question} is blocked by policy {number}, rule {decision.Rule}: {decision.Reason}{(decision.Instead is null ? "" : $"\nuse instead: {decision.Instead}")}");

    private static PolicyClient ClientOf(in Asker who) => new(who.Identity, who.Namespace, who.Address);

    private PolicyFacts FactsOf(ModuleRecord record) => PolicyFacts.Of(record, clock.GetUtcNow());

    private static ModulePath? ModuleOrNull(in ProxyPath what) => what.Asked switch
    {
        Asked.Artifact => what.Module.Path,
        Asked.Query or Asked.VersionPrefix => what.Query.Path,
        Asked.ChecksumDatabase => LookedUpOrNull(what.Text),
        _ => null,
    };

    // A path that is no lookup names no module.
    private static ModulePath? LookedUpOrNull(string path)
    {
        const string Lookup = "/lookup/";
        var from = path.IndexOf(Lookup, StringComparison.Ordinal) + Lookup.Length;
        var to = path.IndexOf('@', StringComparison.Ordinal);
        return from >= Lookup.Length && to >= from && ModulePath.TryUnescape(path.AsSpan(from..to), out var module, out _) ? module : null;
    }

    // The names of private modules do not leak through the mirror.
    private Verdict JudgeLookup(string path)
    {
        if (LookedUpOrNull(path) is not { } module)
            return Verdict.Allowed;

        // Kept as one file, whose name is the path's last element and the version.
        if (!DataTree.Fits(module) || path.Length - path.LastIndexOf('/') > DataTree.MaxNameLength)
            return TooLong(path);
        return verifier.SecretPatternOrNull(module) is { } pattern
                ? Verdict.Refused(new Failure(FailureKind.Blocked, $"{module} matches {pattern}, so it is not looked up in a checksum database"))
                : Verdict.Allowed;
    }

    // No authority covers .info.
    private bool IsProven(ModuleRecord record, ArtifactKind kind) =>
        kind == ArtifactKind.Info || (record.VerifiedByOf(kind) is { } by && verifier.Accepts(record.Module, by));

    private static Verdict Withdrawn(Ruling ruling) => Verdict.Refused(new Failure(
        FailureKind.Blocked, string.Create(CultureInfo.InvariantCulture, $"{ruling.Module} was withdrawn by {ruling.By} on {ruling.At:yyyy-MM-dd HH:mm} UTC: {ruling.Reason}")));

    private static Verdict TooLong(string name) => Verdict.Refused(new Failure(
        FailureKind.BadRequest, $"{name[..Math.Min(name.Length, 120)]}…: the name is longer than any file system keeps"));
}
