using ProxyCluster.Joining;

namespace ProxyCluster.Credentials;

/// <summary>
/// Tokens of an identity provider, as <c>proxycluster login</c> got them: renewed ahead of their end, or when a host refuses
/// one; once for everybody who asks meanwhile, in this process and the others. A login or logout meanwhile counts at once.
/// <para>
/// While the provider is away the token that there is goes on to be used up to its end. A refresh token that the provider
/// refuses is not tried again: from then on it takes a person.
/// </para>
/// </summary>
internal sealed partial class OAuthLogin : ILoginSource
{
    // A provider that is away is not asked for every request.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly string _name;
    private readonly OAuthOptions _options;
    private readonly LoginDirectory _directory;
    private readonly OAuthClient _client;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly JoinedTasks<string, LoginReply> _renewals;

    private readonly SecretFile<OAuthTokens> _file;

    // Tokens that the disk did not take, in place of those on it. Swapped whole, as the other.
    private volatile Unkept? _unkept;
    private volatile Failed? _failed;

    public OAuthLogin(string name, OAuthOptions options, LoginDirectory directory, OAuthClient client, TimeProvider clock, ILogger logger, CancellationToken lifetime)
    {
        (_name, _options, _directory, _client, _clock, _logger) = (name, options, directory, client, clock, logger);
        _renewals = new(lifetime);
        _file = directory.Open(name, options);
    }

    /// <inheritdoc/>
    public async ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel)
    {
        if (CurrentOrNull() is not { } tokens)
            return NotLoggedIn(ask.Host);
        var now = _clock.GetUtcNow();
        if (!tokens.IsDue(now) || (tokens.RefreshToken is null && !tokens.HasEnded(now)))
            return Reply(tokens);
        var renewed = await RenewAsync(ask.Host, tokens, cancel);
        return renewed.Login is null && !tokens.HasEnded(now) ? Reply(tokens) : renewed;
    }

    /// <inheritdoc/>
    public async ValueTask<LoginReply> RefusedAsync(LoginAsk ask, Login? refused, Refusal refusal, CancellationToken cancel)
    {
        if (CurrentOrNull() is not { } tokens)
            return NotLoggedIn(ask.Host);
        return refused?.Token == tokens.AccessToken ? await RenewAsync(ask.Host, tokens, cancel) : Reply(tokens);
    }

    private Task<LoginReply> RenewAsync(string host, OAuthTokens used, CancellationToken cancel) =>
        _renewals.RunAsync(used.AccessToken, (_, stop) => RenewNowAsync(host, used, stop), cancel);

    private async Task<LoginReply> RenewNowAsync(string host, OAuthTokens used, CancellationToken stop)
    {
        // 1. Nobody else, in no process, and not if somebody has done it already.
        using var turn = await LockOrNullAsync(host, stop);
        if (CurrentOrNull() is not { } tokens)
            return NotLoggedIn(host);
        if (tokens.AccessToken != used.AccessToken)
            return Reply(tokens);
        if (tokens.RefreshToken is not { } refresh)
            return LoginReply.Failed($"the login for {host} has ended: run 'proxycluster login {host}'");
        if (_failed is { } failed && failed.Refresh == refresh && (failed.IsFinal || _clock.GetElapsedTime(failed.At) < Rest))
            return LoginReply.Failed(failed.Trouble);

        // 2. Ask the provider.
        var (endpoints, fault) = await _client.EndpointsAsync(_options, stop);
        if (endpoints is null)
            return Fail(fault!, isFinal: false);
        var answer = await _client.PostAsync(
            endpoints.Token, [new("grant_type", "refresh_token"), new("refresh_token", refresh), .. _options.Client()], stop);
        if (answer.Fault is not null)
            return Fail(answer.Fault, isFinal: false);
        if (answer.TokensOrNull(_clock.GetUtcNow(), refresh) is not { } next)
        {
            return Fail(
                $"{endpoints.Token.Authority} answered {answer.Error ?? "no bearer token"}; run 'proxycluster login {host}'", answer.Error == "invalid_grant");
        }

        // 3. The old refresh token may be worth nothing by now: on the disk first.
        _failed = null;
        Keep(host, tokens, next);
        return Reply(next);

        LoginReply Fail(string why, bool isFinal)
        {
            var trouble = $"the login for {host} could not be renewed: {why}";
            _failed = new(refresh, trouble, isFinal, _clock.GetTimestamp());
            Log.NotRenewed(_logger, host, why);
            return LoginReply.Failed(trouble);
        }
    }

    // Without a disk that can be written, the worst is that two processes renew at once.
    private async Task<IDisposable?> LockOrNullAsync(string host, CancellationToken stop)
    {
        try
        {
            return await _directory.LockAsync(_name, stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(_logger, host, e.Message);
            return null;
        }
    }

    private void Keep(string host, OAuthTokens stale, OAuthTokens next)
    {
        try
        {
            _directory.Write(_name, _options, next);
            _unkept = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _unkept = new(_file.ReadOrNull()?.AccessToken ?? stale.AccessToken, next);
            Log.NotKept(_logger, host, e.Message);
        }
    }

    private OAuthTokens? CurrentOrNull()
    {
        var tokens = _file.ReadOrNull();
        return _unkept is { } unkept && unkept.Stale == tokens?.AccessToken ? unkept.Tokens : tokens;
    }

    private static LoginReply Reply(OAuthTokens tokens) => new(Login.Bearer(tokens.AccessToken));

    private static LoginReply NotLoggedIn(string host) => LoginReply.Failed($"nobody is logged in to {host}: run 'proxycluster login {host}'");

    private sealed record Unkept(string Stale, OAuthTokens Tokens);

    private sealed record Failed(string Refresh, string Trouble, bool IsFinal, long At);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Login for {Host} was not renewed: {Reason}")]
        public static partial void NotRenewed(ILogger logger, string host, string reason);

        [LoggerMessage(LogLevel.Error, "Renewed login for {Host} could not be kept on disk, and ends with this process: {Reason}")]
        public static partial void NotKept(ILogger logger, string host, string reason);
    }
}
