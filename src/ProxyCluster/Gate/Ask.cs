using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Joining;
using ProxyCluster.Policy;

namespace ProxyCluster.Gate;

/// <summary>
/// One question, made once, at the door through which it came: what is asked, by whom, how, and from where. Past the door
/// nobody looks at a request again.
/// </summary>
/// <param name="What">What is asked for, parsed.</param>
/// <param name="Who">Who asks.</param>
/// <param name="Level">As what this silo is asked, and so how far it goes: as <see cref="AskLevel.Stored"/> it asks nobody.</param>
/// <param name="From">The door.</param>
internal readonly record struct Ask(ProxyPath What, Asker Who, AskLevel Level, Door From)
{
    /// <summary>The policy that a client's question is judged by; null for members' own, which are for clients whom they judge.</summary>
    public PolicyTrail? Trail { get; init; }

    /// <summary>Whether only what is stored is wanted; what is not is no absence then.</summary>
    public bool IsCachedOnly => Level == AskLevel.Stored;

    /// <summary>The module version of an artifact.</summary>
    public ModuleVersion Module => What.Module;

    /// <summary>Which artifact of it.</summary>
    public ArtifactKind Kind => What.Kind;

    /// <summary>A question of this process's own, or of another member, about an artifact.</summary>
    public static Ask ForArtifact(ModuleVersion module, ArtifactKind kind, AskLevel level, Door from, string member) =>
        new(ProxyPath.ToArtifact(module, kind), new Asker(null, member), level, from);

    /// <summary>The same question about another thing: a question may lead to a second one.</summary>
    public Ask About(ProxyPath what) => this with { What = what };
}

/// <summary>Who asks.</summary>
/// <param name="Address">The client's address, as the first member that met it saw it; null for a member's own question.</param>
/// <param name="Member">Id of the member that asks, or that passed the question on; null where the client asks itself.</param>
internal readonly record struct Asker(IPAddress? Address, string? Member = null)
{
    private readonly string? _namespace;

    /// <summary>Who the client has proved to be; null for an anonymous one.</summary>
    public Identity? Identity { get; init; }

    /// <summary>The namespace in which it asks; empty for none.</summary>
    public string Namespace
    {
        get => _namespace ?? "";
        init => _namespace = value;
    }

    /// <summary>In whose turn the work for it is done.</summary>
    public Lane Lane => Lane.Of(Address, Member, Identity?.Subject);
}

/// <summary>The doors.</summary>
internal enum Door
{
    /// <summary>A client asks this process.</summary>
    Client,

    /// <summary>A client asks another member, which passed the question on.</summary>
    Forwarded,

    /// <summary>Another member asks for itself, or a grain that lives here for all of them.</summary>
    Member,

    /// <summary>Another member wants a copy to be taken from it.</summary>
    Replication,
}
