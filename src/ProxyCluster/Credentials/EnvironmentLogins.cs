namespace ProxyCluster.Credentials;

/// <summary>
/// Logins in the environment: <c>UPSTREAM_TOKEN_&lt;HOST&gt;</c>, or <c>…_USERNAME_&lt;HOST&gt;</c> with
/// <c>…_PASSWORD_&lt;HOST&gt;</c>, where the host is upper case with each dot as one underscore and each dash as two
/// (<c>go-proxy.example.com</c>: <c>GO__PROXY_EXAMPLE_COM</c>), so that no two host names share a variable.
/// (Names that begin with <c>PROXYCLUSTER_</c> are settings, where two underscores part section and key.)
/// </summary>
/// <param name="environment">Gives a variable's value, or null.</param>
internal sealed class EnvironmentLogins(Func<string, string?> environment) : ILoginSource
{
    private const string Prefix = "UPSTREAM_";

    /// <inheritdoc/>
    public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel)
    {
        var name = ask.Url.IdnHost.ToUpperInvariant().Replace("-", "__", StringComparison.Ordinal).Replace('.', '_');
        var (token, user) = (environment($"{Prefix}TOKEN_{name}")?.Trim(), environment($"{Prefix}USERNAME_{name}"));
        if (token is { Length: > 0 })
        {
            return new(FixedLogin.TokenFaultOrNull(token) is { } fault ? LoginReply.Failed($"{Prefix}TOKEN_{name}: {fault}")
                : string.IsNullOrEmpty(user) ? new LoginReply(Login.Bearer(token))
                : LoginReply.None);
        }

        return new(user is { Length: > 0 } && !user.Contains(':', StringComparison.Ordinal) && environment($"{Prefix}PASSWORD_{name}") is { } password
            ? new LoginReply(Login.Basic(user, password))
            : LoginReply.None);
    }
}
