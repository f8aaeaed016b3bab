using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace ProxyCluster.Http;

/// <summary>A client's request that another member passed on.</summary>
/// <param name="Hops">How often it was passed on, this time included.</param>
/// <param name="Client">The client's address, as the first member that met it saw it; null where that had none.</param>
/// <param name="Member">Id of the member that passed it on last.</param>
/// <param name="Target">The client's target, from its first slash on.</param>
internal sealed record ForwardedRequest(int Hops, IPAddress? Client, string Member, string Target)
{
    /// <summary>Reads <c>HOPS/CLIENT/TARGET</c>, the target with its first slash.</summary>
    public static bool TryParse(string text, string member, [NotNullWhen(true)] out ForwardedRequest? request)
    {
        request = null;
        var first = text.IndexOf('/', StringComparison.Ordinal);
        var second = text.IndexOf('/', first + 1);
        if (first <= 0 || second < 0 || !int.TryParse(text.AsSpan(0, first), NumberStyles.None, CultureInfo.InvariantCulture, out var hops))
            return false;
        var word = text.AsSpan((first + 1)..second);
        IPAddress? client = null;
        if (word is not "-" && !IPAddress.TryParse(word, out client))
            return false;
        request = new ForwardedRequest(hops, client, member, text[second..]);
        return true;
    }
}
