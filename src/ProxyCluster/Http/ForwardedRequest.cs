using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Gate;

namespace ProxyCluster.Http;

/// <summary>A client's request that another member passed on.</summary>
/// <param name="Hops">How often it was passed on, this time included.</param>
/// <param name="Who">The client, as the first member that met it saw it, and the member that passed it on last.</param>
/// <param name="Target">The client's target, from its first slash on.</param>
internal sealed record ForwardedRequest(int Hops, Asker Who, string Target)
{
    /// <summary>Reads <c>HOPS/ADDRESS/TARGET</c> or <c>HOPS/ADDRESS;IDENTITY/TARGET</c>, the target with its first slash.</summary>
    public static bool TryParse(string text, string member, [NotNullWhen(true)] out ForwardedRequest? request)
    {
        request = null;
        var first = text.IndexOf('/', StringComparison.Ordinal);
        var second = text.IndexOf('/', first + 1);
        if (first <= 0 || second < 0 || !int.TryParse(text.AsSpan(0, first), NumberStyles.None, CultureInfo.InvariantCulture, out var hops))
            return false;
        var word = text.AsSpan((first + 1)..second);
        var end = word.IndexOf(';');
        Identity? identity = null;
        if (end >= 0 && (identity = Identity.ReadOrNull(word[(end + 1)..])) is null)
            return false;
        IPAddress? client = null;
        word = end < 0 ? word : word[..end];
        if (word is not "-" && !IPAddress.TryParse(word, out client))
            return false;
        request = new ForwardedRequest(hops, new Asker(client, member) { Identity = identity }, text[second..]);
        return true;
    }
}
