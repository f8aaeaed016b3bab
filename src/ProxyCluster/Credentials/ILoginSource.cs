namespace ProxyCluster.Credentials;

/// <summary>Where logins come from.</summary>
internal interface ILoginSource
{
    /// <summary>Whether every refusal (4xx) is told to it, as <c>go</c> does with GOAUTH's commands; else 401 and 403 are.</summary>
    bool WantsEveryRefusal => false;

    /// <summary>The login that it has for this.</summary>
    ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel);

    /// <summary>The host refused; what it has for this after that. By itself that is what it has now.</summary>
    /// <param name="ask">For what.</param>
    /// <param name="refused">The login that it gave and that was refused; null where it gave none.</param>
    /// <param name="refusal">How.</param>
    /// <param name="cancel">Ends the wait.</param>
    ValueTask<LoginReply> RefusedAsync(LoginAsk ask, Login? refused, Refusal refusal, CancellationToken cancel) => FindAsync(ask, cancel);

    /// <summary>The host took the login that it gave. Nobody waits for what it makes of that.</summary>
    Task AcceptedAsync(LoginAsk ask, Login accepted) => Task.CompletedTask;
}
