using System.Net;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.Audit;

/// <summary>
/// Something that is to be remembered, as the room knows it in which it happened. Making one is cheap, for it may be on a request's way;
/// what it is called in the log is found out by the writer (<see cref="AuditLine"/>).
/// </summary>
/// <param name="Time">When, UTC.</param>
/// <param name="Word">What.</param>
internal sealed record AuditEvent(DateTimeOffset Time, AuditWord Word)
{
    /// <summary>The request's id: the client's own where it gave one.</summary>
    public string? Request { get; init; }

    /// <summary>The id of the request's trace.</summary>
    public string? Trace { get; init; }

    /// <summary>The client's address, as the first member that met it saw it.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Who the client has proved to be.</summary>
    public string? Subject { get; init; }

    /// <summary>The namespace in which it asked.</summary>
    public string? Namespace { get; init; }

    /// <summary>Which build it is, by its own word.</summary>
    public string? Build { get; init; }

    /// <summary>What it is about, where it was parsed already.</summary>
    public ProxyPath? What { get; init; }

    /// <summary>And where it was not: it stands in this text.</summary>
    public string? Target { get; init; }

    /// <summary>From here on.</summary>
    public int TargetStart { get; init; }

    /// <summary>The rule that decided; several are separated by a space.</summary>
    public string? Rule { get; init; }

    /// <summary>The policy's number, as text; empty or null where there is none.</summary>
    public string? Policy { get; init; }

    /// <summary>The check that failed: a cause word, or what integrity events are called.</summary>
    public string? Check { get; init; }

    /// <summary>Where the bytes are from.</summary>
    public string? Origin { get; init; }

    /// <summary>Which operator.</summary>
    public string? By { get; init; }

    /// <summary>The rest, in words.</summary>
    public string? Text { get; init; }

    /// <summary>The thing that it is about.</summary>
    public ProxyPath? Subjected => What ?? (Target is null ? null : ProxyPath.Parse(Target[TargetStart..]));

    /// <summary>Something about an artifact that failed its proof.</summary>
    public static AuditEvent Integrity(DateTimeOffset time, string check, ModuleVersion module, ArtifactKind kind, string? origin, string text) =>
        new(time, AuditWord.Integrity) { Check = check, What = ProxyPath.ToArtifact(module, kind), Origin = origin, Text = text };
}

/// <summary>What can happen. Each is written as its name in small letters.</summary>
internal enum AuditWord
{
    /// <summary>A file begins; not an event of anybody's.</summary>
    File,

    /// <summary>The process began to write.</summary>
    Start,

    /// <summary>The process ended in order.</summary>
    Stop,

    /// <summary>So many events were left out, for there was no room to wait.</summary>
    Lost,

    /// <summary>Old files were removed, on purpose.</summary>
    Retired,

    /// <summary>The cluster has taken in where this log stood.</summary>
    Sealed,

    /// <summary>A client got an artifact.</summary>
    Allow,

    /// <summary>A client got an artifact, with a warning.</summary>
    Warn,

    /// <summary>A client was refused by policy, or by an operator's ruling.</summary>
    Block,

    /// <summary>A client was refused for who it is, or is not.</summary>
    Refuse,

    /// <summary>A client got nothing, for what there was failed its proof.</summary>
    Fail,

    /// <summary>Something failed its proof, whoever asked.</summary>
    Integrity,

    /// <summary>An operator gave an order.</summary>
    Order,
}
