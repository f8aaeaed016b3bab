namespace ProxyCluster.Credentials;

/// <summary>Logins of a netrc file, for https only, as in <c>go</c>. One that nobody named and that cannot be read is one without entries.</summary>
internal sealed class NetrcLogins(string path) : ILoginSource
{
    private readonly SecretFile<Netrc> _file = new(path, Netrc.Parse);

    /// <summary>An operator named it: that it is not there, or cannot be read, is trouble.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The file that <c>go</c> reads: <c>$NETRC</c>, else <c>~/.netrc</c>; null where neither can be named.</summary>
    public static NetrcLogins? OfEnvironmentOrNull(Func<string, string?> environment) =>
        environment("NETRC") is { Length: > 0 } named ? new(named)
        : environment("HOME") is { Length: > 0 } home ? new(Path.Combine(home, ".netrc"))
        : null;

    /// <inheritdoc/>
    public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel) =>
        new(ask.Url.Scheme != Uri.UriSchemeHttps ? LoginReply.None
            : _file.ReadOrNull() is not { } netrc ? (IsRequired ? LoginReply.Failed($"the login for {ask.Host} cannot be read from {path}") : LoginReply.None)
            : netrc.FindOrNull(ask.Written) is { } login ? new LoginReply(login)
            : LoginReply.None);
}
