using System.Net;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Storage;

namespace ProxyCluster.Policy;

/// <summary>What a policy is asked.</summary>
/// <param name="Module">About which module.</param>
/// <param name="Version">Which canonical version of it; null where the question names none.</param>
/// <param name="Kind">The kind of question, one of them.</param>
/// <param name="Reference">Of <see cref="AskKinds.Moving"/>, what is said in a version's place.</param>
/// <param name="Client">Who asks.</param>
/// <param name="Facts">What is known of the version here; null where nobody has looked yet.</param>
internal readonly record struct PolicyQuestion(
    ModulePath Module, string? Version, AskKinds Kind, string Reference, PolicyClient Client, PolicyFacts? Facts = null)
{
    /// <summary>What a policy is asked about what a client asks for; null where that is no module's.</summary>
    public static PolicyQuestion? OfOrNull(in ProxyPath what, PolicyClient client, PolicyFacts? facts) => what.Asked switch
    {
        Asked.Artifact => new(what.Module.Path, what.Module.Version, AskKinds.Version, "", client, facts),
        Asked.VersionPrefix => new(what.Query.Path, null, AskKinds.Latest, "", client),
        Asked.Query => new(what.Query.Path, null, KindOf(what.Query), what.Query.Revision, client),
        _ => null,
    };

    /// <summary>For people: <c>example.com/m@v1.0.0</c>.</summary>
    public override string ToString() =>
        Version is not null ? $"{Module}@{Version}" : Kind == AskKinds.Latest ? $"{Module}@latest" : Reference.Length > 0 ? $"{Module}@{Reference}" : Module.Value;

    private static AskKinds KindOf(Query query) => query.Kind switch
    {
        QueryKind.List => AskKinds.List,
        QueryKind.Latest => AskKinds.Latest,
        _ => IsCommit(query.Revision) ? AskKinds.Commit : AskKinds.Moving,
    };

    // As go and git write one, in part or whole; a branch of such a name is taken for one.
    private static bool IsCommit(string reference) => reference.Length is >= 7 and <= 64 && reference.All(char.IsAsciiHexDigitLower);
}

/// <summary>Who asks, as a policy tells clients apart.</summary>
/// <param name="Identity">Who it has proved to be, or null.</param>
/// <param name="Namespace">The namespace in which it asks; empty for none.</param>
/// <param name="Address">Its address, where it is known.</param>
internal readonly record struct PolicyClient(Identity? Identity, string Namespace, IPAddress? Address)
{
    /// <summary>For people: its name or address, and its namespace.</summary>
    public override string ToString() => $"{Identity?.Subject ?? Address?.ToString() ?? "-"}{(Namespace is { Length: > 0 } ? $" in {Namespace}" : "")}";
}

/// <summary>What is known of a module version here.</summary>
/// <param name="Now">The time, UTC.</param>
/// <param name="FirstSeen">When it was first stored here; null where it never was.</param>
/// <param name="ZipBytes">Size of its zip; null where that is not known.</param>
/// <param name="Origin">Where the bytes came from, or would come from as far as that is known; none where it is not.</param>
internal readonly record struct PolicyFacts(DateTimeOffset Now, DateTimeOffset? FirstSeen, long? ZipBytes, Origins Origin)
{
    /// <summary>What is known of one that nobody has looked at, and that an upstream may have named.</summary>
    public static PolicyFacts Unseen(DateTimeOffset now, string upstream = "") => new(now, null, null, upstream.Length > 0 ? OriginOf(upstream) : Origins.None);

    /// <summary>What a record says of its version.</summary>
    public static PolicyFacts Of(ModuleRecord record, DateTimeOffset now) => new(now, record.FirstSeen, record.Zip?.Size, OriginOf(record));

    // Of a copy both: it came from a member, who had it from somewhere. What was stored before records said so is told by its source's name: a
    // member's is no address.
    private static Origins OriginOf(ModuleRecord record) => (record.Zip ?? record.Mod ?? record.Info) switch
    {
        null => Origins.None,
        { Upstream: { } upstream, Source: var source } => OriginOf(upstream) | (upstream == source ? Origins.None : Origins.Peer),
        { Source: var source } => source == PolicyRewrite.Direct || source.Contains("://", StringComparison.Ordinal) ? OriginOf(source) : Origins.Peer,
    };

    private static Origins OriginOf(string upstream) => upstream == PolicyRewrite.Direct ? Origins.Direct : Origins.Upstream;
}
