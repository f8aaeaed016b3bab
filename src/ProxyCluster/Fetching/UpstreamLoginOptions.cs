using ProxyCluster.Configuration;

namespace ProxyCluster.Fetching;

/// <summary>Credentials for one upstream host: either a token, or a name with a password.</summary>
internal sealed class UpstreamLoginOptions
{
    /// <summary>Name for Basic authentication. Default: none.</summary>
    public string? Username { get; set; }

    /// <summary>Password for Basic authentication. Default: none.</summary>
    [Secret]
    public string? Password { get; set; }

    /// <summary>Bearer token; excludes the other two. Default: none.</summary>
    [Secret]
    public string? Token { get; set; }

    /// <summary>What is wrong with this, or null.</summary>
    public string? FaultOrNull() => (Token, Username, Password) switch
    {
        ({ Length: > 0 } token, null or "", null or "") =>
            token.AsSpan().ContainsAnyExceptInRange('!', '~') ? "the token holds spaces, controls or non-ASCII characters" : null,
        (null or "", { Length: > 0 } name, not null) =>
            name.Contains(':', StringComparison.Ordinal) ? "a user name cannot hold a colon (RFC 7617)" : null,
        _ => "give either Token, or Username and Password",
    };

    /// <summary>The login that this describes, once it has no fault.</summary>
    public UpstreamLogin ToLogin() =>
        string.IsNullOrEmpty(Token) ? UpstreamLogin.Basic(Username ?? "", Password ?? "") : UpstreamLogin.Bearer(Token);
}
