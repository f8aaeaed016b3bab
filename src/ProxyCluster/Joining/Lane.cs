using System.Net;
using ProxyCluster.Sockets;

namespace ProxyCluster.Joining;

/// <summary>
/// Whose turn it is: a client's, or a member's where it asks for itself or does not say for whom. The default value is this
/// process's own. Who is logged in has one turn, from however many addresses.
/// </summary>
internal readonly record struct Lane(ClientAddress Client, string? Member, string? Subject = null)
{
    private const string OfMember = "member ";
    private const string OfSubject = "subject ";

    /// <summary>The lane of whoever asks; a client that was passed on has its own.</summary>
    public static Lane Of(IPAddress? client, string? member, string? subject = null) =>
        client is null && subject is null ? new(default, member) : new(ClientAddress.Of(client), null, subject);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static Lane Parse(string text) =>
        text.StartsWith(OfMember, StringComparison.Ordinal) ? new(default, text[OfMember.Length..])
        : text.StartsWith(OfSubject, StringComparison.Ordinal) && text.Split(' ') is [_, var subject, var at] ? Parse(at) with { Subject = Uri.UnescapeDataString(subject) }
        : IPAddress.TryParse(text.Split('/')[0], out var address) ? Of(address, null)
        : default;

    /// <summary>Is it the same turn? Figures are kept by address, so each has the one from which it came.</summary>
    public bool Equals(Lane other) => Subject is null ? other.Subject is null && Client == other.Client && Member == other.Member : Subject == other.Subject;

    /// <inheritdoc/>
    public override int GetHashCode() => Subject is null ? HashCode.Combine(Client, Member) : Subject.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() =>
        Subject is not null ? $"{OfSubject}{Uri.EscapeDataString(Subject)} {Client}" : Member is null ? Client.ToString() : OfMember + Member;
}
