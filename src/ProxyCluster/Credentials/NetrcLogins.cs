namespace ProxyCluster.Credentials;

/// <summary>Logins of a netrc file, for https only, as in <c>go</c>. One that cannot be read is one without entries.</summary>
internal sealed class NetrcLogins(string path) : ILoginSource
{
    private readonly SecretFile<Netrc> _file = new(path, Netrc.Parse);

    /// <summary>The file that <c>go</c> reads: <c>$NETRC</c>, else <c>~/.netrc</c>; null where neither can be named.</summary>
    public static NetrcLogins? OfEnvironmentOrNull(Func<string, string?> environment) =>
        environment("NETRC") is { Length: > 0 } named ? new(named)
        : environment("HOME") is { Length: > 0 } home ? new(Path.Combine(home, ".netrc"))
        : null;

    /// <inheritdoc/>
    public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel) =>
        new(ask.Url.Scheme == Uri.UriSchemeHttps && _file.ReadOrNull()?.FindOrNull(ask.Written) is { } login ? new LoginReply(login) : LoginReply.None);
}
