using ProxyCluster.Credentials;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>What a login to a repository adds to one git command, by its environment: no argument and no file holds a secret.</summary>
/// <param name="Configuration">Settings, such as <c>http.extraHeader</c> or <c>credential.helper</c>, with their values.</param>
/// <param name="SshCommand">The ssh command, with a key file; null for the one that proves nothing.</param>
internal sealed record GitLogin(IReadOnlyList<KeyValuePair<string, string>> Configuration, string? SshCommand = null)
{
    /// <summary>None, whose refusal may bring one all the same.</summary>
    public bool IsNone => Configuration.Count == 0 && SshCommand is null;

    /// <summary>The login itself, for programs that are told otherwise than git; null where there is none.</summary>
    public Login? Whole { get; private init; }

    /// <summary>The host refused; another to try once, or null.</summary>
    public Func<Refusal, CancellationToken, ValueTask<GitLogin?>>? Refused { get; private init; }

    /// <summary>The host took it.</summary>
    public Func<Task>? Accepted { get; private init; }

    /// <summary>The logins that are configured. Where one is and cannot be had, the repository counts as away.</summary>
    public static GitLogins Configured(Logins logins) => async (repository, cancel) =>
    {
        var ask = LoginAsk.For(repository);
        var reply = await logins.FindAsync(ask, cancel);
        if (reply.Trouble is { } trouble)
            throw new RepositoryException(new Failure(FailureKind.UpstreamUnavailable, $"{repository.Authority}: its login cannot be had: {trouble}"));
        return Of(reply) with
        {
            Refused = async (refusal, stop) => await logins.RefusedAsync(ask, reply, refusal, stop) is { Login: not null } other ? Of(other) : null,
        };

        GitLogin Of(LoginReply found) => found.Login is { } login ? GitLogin.Of(login) with { Accepted = () => Logins.AcceptedAsync(ask, found) } : new GitLogin([]);
    };

    /// <summary>The same of a login for anything.</summary>
    internal static GitLogin Of(Login login) => new(
        [.. login.Headers.Select(static header => KeyValuePair.Create("http.extraHeader", $"{header.Name}: {header.Value}"))],
        login.SshKeyFile is { } key ? $"ssh -i {GitEnvironment.Quoted(key)}" : null)
    {
        Whole = login,
    };
}

/// <summary>Gives the login for a repository's address, or null; asked before every command that goes to the network.</summary>
internal delegate ValueTask<GitLogin?> GitLogins(Uri repository, CancellationToken cancel);
