using System.Globalization;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
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
/// database proved must be proven by today's.
/// </para>
/// <para>
/// <b>The fast path.</b> An entry in memory carries the version of the gate that let it through to anybody. It is served
/// without a question only while that is the present version, so a change of policy needs to find no entries: it counts
/// the version up. What was loaded for another reason carries none and waits for its first judged use.
/// </para>
/// </summary>
internal sealed class ModuleGate(Verifier verifier, RulingBook rulings, AccessRules access)
{
    // One text for all names: it says nothing of any of them.
    private static readonly Failure Hidden = new(
        FailureKind.Hidden, "not found: the module does not exist, or may not be read by whoever asks");

    private static readonly Failure LoginRequired = new(
        FailureKind.LoginRequired,
        "modules of this name are for those who log in: over https, put \"machine HOST:PORT login any password TOKEN\" into ~/.netrc\n"
        + "(HOST:PORT as in GOPROXY; go 1.19 wants it without the port), or set GOAUTH: see go help goauth");

    /// <summary>
    /// Counts changes of policy, from 1. Whoever judges, and notes by what, reads it before. Hot path.
    /// </summary>
    public int Version => rulings.Version;

    /// <summary>May some version of a module be refused that its list names? Then each is judged before it is shown.</summary>
    public bool HidesSomeOf(ModulePath module) => rulings.Current.Concerns(module);

    /// <summary>May this be asked, whatever is stored?</summary>
    public Verdict Judge(in Ask ask)
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
    public Verdict Judge(in Ask ask, ModuleRecord record) =>
        (IsProven(record, ask.Kind) && !record.IsVoid(rulings) ? Verdict.Allowed : Verdict.Unproven) with { IsForAnybody = access.IsForAnybody(record.Module.Path) };

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
