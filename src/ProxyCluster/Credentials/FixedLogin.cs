using System.Collections.Immutable;

namespace ProxyCluster.Credentials;

/// <summary>A login that is written in the configuration, or in a file that it names.</summary>
internal sealed class FixedLogin : ILoginSource
{
    private readonly Func<Login?> _read;
    private readonly string _where;

    public FixedLogin(CredentialRuleOptions rule)
    {
        (_read, _where) = rule switch
        {
            { Token.Length: > 0 } => (Always(Login.Bearer(rule.Token)), ""),
            { TokenFile.Length: > 0 } => (FromFile(rule.TokenFile, static text => TokenFaultOrNull(text) is null ? Login.Bearer(text) : null), rule.TokenFile),
            { PasswordFile.Length: > 0 } => (FromFile(rule.PasswordFile, text => text.Length > 0 ? Login.Basic(rule.Username, text) : null), rule.PasswordFile),
            { Headers.Count: > 0 } => (Always(Login.Of([.. rule.Headers.Select(static header => (header.Key, header.Value))])), ""),
            { HeadersFile.Length: > 0 } => (FromFile(rule.HeadersFile, static text => HeadersOrNull(text) is { } headers ? Login.Of(headers) : null), rule.HeadersFile),
            { SshKeyFile.Length: > 0 } => (Always(Login.SshKey(rule.SshKeyFile)), ""),
            _ => (Always(Login.Basic(rule.Username, rule.Password)), ""),
        };
    }

    /// <inheritdoc/>
    public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel) =>
        new(_read() is { } login ? new LoginReply(login) : LoginReply.Failed($"the login for {ask.Host} cannot be read from {_where}"));

    /// <summary>What keeps a text from being a token, or null; never quotes it.</summary>
    public static string? TokenFaultOrNull(string token) =>
        token.Length == 0 || token.AsSpan().ContainsAnyExceptInRange('!', '~') ? "the token holds spaces, controls or non-ASCII characters" : null;

    /// <summary>Reads lines <c>Name: value</c>; null where one is something else, or there is none.</summary>
    public static ImmutableArray<(string Name, string Value)>? HeadersOrNull(string text)
    {
        var headers = ImmutableArray.CreateBuilder<(string, string)>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !HeaderRules.IsName(line[..colon]) || !HeaderRules.IsValue(line[(colon + 1)..]))
                return null;
            headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        return headers.Count == 0 ? null : headers.ToImmutable();
    }

    private static Func<Login?> Always(Login login) => () => login;

    private static Func<Login?> FromFile(string path, Func<string, Login?> parse) => new SecretFile<Login>(path, text => parse(text.Trim())).ReadOrNull;
}

/// <summary>What may stand in a header (RFC 9110 §5).</summary>
internal static class HeaderRules
{
    private const string Marks = "!#$%&'*+-.^_`|~";

    /// <summary>Whether it is a header's name.</summary>
    public static bool IsName(string text) => text.Length > 0 && text.All(static c => char.IsAsciiLetterOrDigit(c) || Marks.Contains(c, StringComparison.Ordinal));

    /// <summary>Whether it holds no control characters but tabs.</summary>
    public static bool IsValue(string text) => !text.Any(static c => c is (< ' ' and not '\t') or '\x7f');
}
