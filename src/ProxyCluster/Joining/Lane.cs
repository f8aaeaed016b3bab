using System.Net;
using ProxyCluster.Sockets;

namespace ProxyCluster.Joining;

/// <summary>
/// Whose turn it is: a client's, or a member's where it asks for itself or does not say for whom. The default value is this
/// process's own.
/// </summary>
internal readonly record struct Lane(ClientAddress Client, string? Member)
{
    private const string OfMember = "member ";

    /// <summary>The lane of whoever asks; a client that was passed on has its own.</summary>
    public static Lane Of(IPAddress? client, string? member) => client is null ? new(default, member) : new(ClientAddress.Of(client), null);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static Lane Parse(string text) =>
        text.StartsWith(OfMember, StringComparison.Ordinal) ? new(default, text[OfMember.Length..])
        : IPAddress.TryParse(text.Split('/')[0], out var address) ? Of(address, null)
        : default;

    /// <inheritdoc/>
    public override string ToString() => Member is null ? Client.ToString() : OfMember + Member;
}
