using System.Text;

namespace ProxyCluster.Fetching;

/// <summary>
/// A netrc file: <c>machine</c>, <c>login</c>, <c>password</c>, <c>account</c>, <c>default</c> and <c>macdef</c>, words
/// quoted or bare, comments where a keyword may stand.
/// </summary>
/// <remarks>
/// The <c>default</c> entry is understood and, as in go, never used: it is commonly the anonymous ftp login, and sending
/// it would hand a password to every host that an upstream list happens to name.
/// </remarks>
internal sealed class Netrc
{
    private readonly Dictionary<string, UpstreamLogin> _machines;

    private Netrc(Dictionary<string, UpstreamLogin> machines) => _machines = machines;

    /// <summary>A file without entries.</summary>
    public static Netrc Empty { get; } = new([]);

    /// <summary>Reads the text of a netrc file; what makes no sense is skipped, as every reader of this format does.</summary>
    public static Netrc Parse(string text)
    {
        var machines = new Dictionary<string, UpstreamLogin>(StringComparer.OrdinalIgnoreCase);
        string? machine = null, login = null, password = null;
        for (var at = 0; NextWord(text, ref at, keyword: true) is { } word;)
        {
            switch (word)
            {
                case "machine":
                    Keep();
                    machine = NextWord(text, ref at);
                    break;
                case "default":
                    Keep();
                    break;
                case "login":
                    login = NextWord(text, ref at);
                    break;
                case "password":
                    password = NextWord(text, ref at);
                    break;
                case "account":
                    NextWord(text, ref at);
                    break;
                case "macdef":
                    // A macro's body runs to the next blank line and may hold any keyword.
                    Keep();
                    at = EndOfMacro(text, at);
                    break;
            }
        }

        Keep();
        return new Netrc(machines);

        // The first entry for a machine counts.
        void Keep()
        {
            if (machine is not null && login is not null && password is not null)
                machines.TryAdd(machine, UpstreamLogin.Basic(login, password));
            machine = login = password = null;
        }
    }

    /// <summary>The login for <c>host[:port]</c> exactly as the file writes it, or null.</summary>
    public UpstreamLogin? FindOrNull(string machine) => _machines.GetValueOrDefault(machine);

    private static string? NextWord(string text, ref int at, bool keyword = false)
    {
        while (at < text.Length && (char.IsWhiteSpace(text[at]) || (keyword && text[at] == '#')))
        {
            if (text[at] == '#')
                at = text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;
            else
                at++;
        }

        if (at == text.Length)
            return null;

        var word = new StringBuilder();
        var quoted = text[at] == '"';
        for (at += quoted ? 1 : 0; at < text.Length && (quoted ? text[at] != '"' : !char.IsWhiteSpace(text[at])); at++)
        {
            if (quoted && text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
                word.Append(text[at] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var c => c });
            }
            else
            {
                word.Append(text[at]);
            }
        }

        at += quoted && at < text.Length ? 1 : 0;
        return word.ToString();
    }

    private static int EndOfMacro(string text, int at)
    {
        while (text.IndexOf('\n', at) is >= 0 and var end)
        {
            at = end + 1;
            var next = text.IndexOf('\n', at);
            if (text.AsSpan(at..(next < 0 ? text.Length : next)).IsWhiteSpace())
                return at;
        }

        return text.Length;
    }
}
