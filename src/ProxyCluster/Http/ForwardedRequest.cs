using System.Diagnostics.CodeAnalysis;
using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Gate;

namespace ProxyCluster.Http;

/// <summary>A client's request that another member passed on. It is answered where it comes to, and never passed on again.</summary>
/// <param name="Who">The client, as the member that met it saw it, and that member.</param>
/// <param name="Target">The client's target, from its first slash on.</param>
internal sealed record ForwardedRequest(Asker Who, string Target)
{
    /// <summary>Reads <c>ADDRESS/TARGET</c> or <c>ADDRESS;IDENTITY/TARGET</c>, the target with its first slash.</summary>
    public static bool TryParse(string text, string member, [NotNullWhen(true)] out ForwardedRequest? request)
    {
        request = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return false;
        var word = text.AsSpan(0, slash);
        var end = word.IndexOf(';');
        Identity? identity = null;
        if (end >= 0 && (identity = Identity.ReadOrNull(word[(end + 1)..])) is null)
            return false;
        IPAddress? client = null;
        word = end < 0 ? word : word[..end];
        if (word is not "-" && !IPAddress.TryParse(word, out client))
            return false;
        request = new ForwardedRequest(new Asker(client, member) { Identity = identity }, text[slash..]);
        return true;
    }
}
