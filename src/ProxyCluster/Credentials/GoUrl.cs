using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ProxyCluster.Credentials;

/// <summary>
/// An address as <c>go</c> reads and writes it again (Go's <c>url.ParseRequestURI</c>). The platform's own reading would lower
/// the host's letters and drop a port that goes without saying, and both count where go compares.
/// </summary>
internal static class GoUrl
{
    private const string UnreservedInPath = "-_.~$&+,/:;=@";
    private const string KeptInPath = UnreservedInPath + "!'()*[]";
    private const string KeptInHost = "-_.~!$&'()*+,;=:[]<>\"";

    /// <summary>Reads it; false where go would refuse it.</summary>
    public static bool TryNormalise(string text, [NotNullWhen(true)] out string? url)
    {
        url = null;
        if (text.Length == 0 || text.Any(static c => c is < ' ' or '\x7f') || !TryTakeScheme(text, out var scheme, out var rest))
            return false;

        // 1. The query is taken as it stands; no fragment is looked for.
        var mark = rest.IndexOf('?', StringComparison.Ordinal);
        var query = mark < 0 ? "" : rest[mark..];
        rest = mark < 0 ? rest : rest[..mark];
        if (!rest.StartsWith('/'))
        {
            url = scheme.Length > 0 ? $"{scheme}:{rest}{query}" : null;
            return url is not null;
        }

        // 2. The host, where there may be one.
        var authority = "";
        if (scheme.Length > 0 && rest.StartsWith("//", StringComparison.Ordinal))
        {
            var slash = rest.IndexOf('/', 2);
            (authority, rest) = slash < 0 ? (rest, "") : (rest[..slash], rest[slash..]);
            if (!IsHost(authority[(authority.LastIndexOf('@') is > 0 and var at ? at + 1 : 2)..]))
                return false;
        }

        // 3. The path: as it stands if that is a way to write it, else written anew.
        if (!HasWholeEscapes(rest))
            return false;
        url = $"{(scheme.Length > 0 ? scheme + ":" : "")}{authority}{(IsWritten(rest) ? rest : Escape(rest))}{query}";
        return true;
    }

    private static bool TryTakeScheme(string text, out string scheme, out string rest)
    {
        (scheme, rest) = ("", text);
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c == ':')
            {
                (scheme, rest) = (text[..at].ToLowerInvariant(), text[(at + 1)..]);
                return at > 0;
            }

            if (!char.IsAsciiLetter(c) && (at == 0 || !(char.IsAsciiDigit(c) || c is '+' or '-' or '.')))
                return true;
        }

        return true;
    }

    private static bool IsHost(string host)
    {
        var (name, port) = (host, "");
        if (host.StartsWith('['))
        {
            var close = host.LastIndexOf(']');
            if (close < 0)
                return false;
            (name, port) = (host[..(close + 1)], host[(close + 1)..]);
        }
        else if (host.LastIndexOf(':') is >= 0 and var colon)
        {
            (name, port) = (host[..colon], host[colon..]);
        }

        return (port.Length == 0 || (port[0] == ':' && port.Skip(1).All(char.IsAsciiDigit)))
            && name.All(static c => c >= 0x80 || char.IsAsciiLetterOrDigit(c) || KeptInHost.Contains(c, StringComparison.Ordinal));
    }

    private static bool HasWholeEscapes(string path)
    {
        for (var at = path.IndexOf('%', StringComparison.Ordinal); at >= 0; at = path.IndexOf('%', at + 1))
        {
            if (at + 2 >= path.Length || !char.IsAsciiHexDigit(path[at + 1]) || !char.IsAsciiHexDigit(path[at + 2]))
                return false;
        }

        return true;
    }

    private static bool IsWritten(string path) =>
        path.All(static c => char.IsAsciiLetterOrDigit(c) || c == '%' || KeptInPath.Contains(c, StringComparison.Ordinal));

    private static string Escape(string path)
    {
        var text = new StringBuilder();
        foreach (var octet in Unescape(path))
        {
            if (char.IsAsciiLetterOrDigit((char)octet) || UnreservedInPath.Contains((char)octet, StringComparison.Ordinal))
                text.Append((char)octet);
            else
                text.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }

        return text.ToString();
    }

    private static List<byte> Unescape(string path)
    {
        var octets = new List<byte>();
        var bytes = Encoding.UTF8.GetBytes(path);
        for (var at = 0; at < bytes.Length; at++)
        {
            if (bytes[at] == '%')
            {
                octets.Add(byte.Parse(Encoding.ASCII.GetString(bytes, at + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                at += 2;
            }
            else
            {
                octets.Add(bytes[at]);
            }
        }

        return octets;
    }
}
