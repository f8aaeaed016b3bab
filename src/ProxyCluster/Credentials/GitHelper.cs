using System.Collections.Concurrent;
using ProxyCluster.Joining;

namespace ProxyCluster.Credentials;

/// <summary>
/// Logins of a credential helper of git's, which is asked as git asks it: <c>get</c>, then <c>store</c> once the host took the
/// login, or <c>erase</c> once it answered 401. What it gave is kept until then, or until it expires by its own word; that it
/// has nothing is kept for a minute.
/// </summary>
internal sealed partial class GitHelper : ILoginSource
{
    private static readonly TimeSpan NothingFor = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<string> _words;
    private readonly string _username;
    private readonly bool _knowsPath;
    private readonly RunCommand _run;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationToken _lifetime;
    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly JoinedTasks<string, LoginReply> _asked;

    public GitHelper(CredentialRuleOptions rule, RunCommand run, TimeProvider clock, ILogger logger, CancellationToken lifetime)
    {
        _words = WordsOrNull(rule.Helper)!;
        (_username, _knowsPath, _run, _clock, _logger, _lifetime) = (rule.Username, rule.HelperKnowsPath, run, clock, logger, lifetime);
        _asked = new(lifetime);
    }

    /// <summary>The command for a helper as git's configuration names it, to which the operation is added; null for none.</summary>
    public static IReadOnlyList<string>? WordsOrNull(string helper)
    {
        // Only this form says that a shell reads it; git has one read the others too.
        if (helper.StartsWith('!'))
            return helper.Length > 1 ? ["/bin/sh", "-c", helper[1..] + " \"$@\"", helper[1..]] : null;
        if (!CommandWords.TryParse(helper, out var words))
            return null;
        return Path.IsPathRooted(words[0]) ? words : ["git", "credential-" + words[0], .. words.Skip(1)];
    }

    /// <inheritdoc/>
    public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel)
    {
        var asked = Asked(ask);
        return _kept.TryGetValue(asked, out var kept) && kept.IsGood(_clock)
            ? new(new LoginReply(kept.Given?.LoginOrNull()))
            : new(_asked.RunAsync(asked, GetAsync, cancel));
    }

    /// <inheritdoc/>
    public async ValueTask<LoginReply> RefusedAsync(LoginAsk ask, Login? refused, Refusal refusal, CancellationToken cancel)
    {
        // 403 is about what was asked for: git keeps such a login too.
        var asked = Asked(ask);
        if (refused is not null && refusal.Status == 401
            && _kept.TryGetValue(asked, out var kept) && kept.Given is { } given && refused.IsSameAs(given.LoginOrNull())
            && _kept.TryRemove(KeyValuePair.Create(asked, kept)))
            await TellAsync("erase", asked + given.Format(), ask).WaitAsync(cancel);
        return await FindAsync(ask, cancel);
    }

    /// <inheritdoc/>
    public Task AcceptedAsync(LoginAsk ask, Login accepted)
    {
        var asked = Asked(ask);
        return _kept.TryGetValue(asked, out var kept) && kept.Given is { } given && accepted.IsSameAs(given.LoginOrNull()) && kept.IsFirstSuccess()
            ? TellAsync("store", asked + given.Format(), ask)
            : Task.CompletedTask;
    }

    private async Task<LoginReply> GetAsync(string asked, CancellationToken cancel)
    {
        // Somebody's answer may have come between the look and this.
        if (_kept.TryGetValue(asked, out var kept) && kept.IsGood(_clock))
            return new LoginReply(kept.Given?.LoginOrNull());

        var host = GitAttributes.Parse(asked)["host"];
        var said = await _run([.. _words, "get"], "capability[]=authtype\n" + asked + "\n", cancel);
        if (said.Fault is not null)
        {
            Log.Failed(_logger, "get", host, said.Fault);
            return LoginReply.Failed($"the login for {host} cannot be had: {said.Fault}");
        }

        var answer = GitAttributes.Parse(said.Output);
        if (answer["quit"] is "1" or "true")
            return LoginReply.Failed($"the login for {host} cannot be had: {_words[0]} says to stop");
        var login = answer.LoginOrNull();
        _kept[asked] = new Kept(login is null ? null : answer, login is null ? _clock.GetUtcNow() + NothingFor : answer.ExpiryOrNull());
        return new LoginReply(login);
    }

    private async Task TellAsync(string operation, string attributes, LoginAsk ask)
    {
        var said = await _run([.. _words, operation], attributes + "\n", _lifetime);
        if (said.Fault is not null)
            Log.Failed(_logger, operation, ask.Host, said.Fault);
    }

    // Also what the answer is kept under.
    private string Asked(LoginAsk ask)
    {
        var attributes = GitAttributes.Empty.With("protocol", ask.Url.Scheme).With("host", ask.Host);
        if (_knowsPath)
            attributes = attributes.With("path", ask.Written[ask.Host.Length..].TrimStart('/'));
        return (_username.Length > 0 ? attributes.With("username", _username) : attributes).Format();
    }

    private sealed class Kept(GitAttributes? given, DateTimeOffset? until)
    {
        private int _isTold;

        public GitAttributes? Given => given;

        public bool IsGood(TimeProvider clock) => until is null || clock.GetUtcNow() < until;

        public bool IsFirstSuccess() => Interlocked.Exchange(ref _isTold, 1) == 0;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Credential helper failed to {Operation} the login for {Host}: {Reason}")]
        public static partial void Failed(ILogger logger, string operation, string? host, string reason);
    }
}
