using ProxyCluster.Joining;

namespace ProxyCluster.Credentials;

/// <summary>
/// Logins of a command in GOAUTH's format: run once before the first https request, and again with the address and the answer
/// after one that was refused (4xx). What it says is kept, and holds for whatever lies below the addresses that it names.
/// <para>
/// Unlike <c>go</c>, a first run that fails keeps requests back for the moment (<see cref="LoginReply.Trouble"/>).
/// </para>
/// </summary>
internal sealed partial class GoAuthCommand : ILoginSource
{
    // A command that fails is not run for every request.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<string> _words;
    private readonly RunCommand _run;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly JoinedTasks<string, string?> _runs;

    // Guards the three below.
    private readonly Lock _lock = new();
    private readonly LoginsByPrefix _kept = new();
    private bool _hasRun;
    private (string Fault, long At)? _failed;

    public GoAuthCommand(string command, RunCommand run, TimeProvider clock, ILogger logger, CancellationToken lifetime)
    {
        _words = CommandWords.TryParse(command, out var words) ? words : throw new ArgumentException("is no command", nameof(command));
        (_run, _clock, _logger) = (run, clock, logger);
        _runs = new(lifetime);
    }

    /// <inheritdoc/>
    public bool WantsEveryRefusal => true;

    /// <inheritdoc/>
    public async ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel)
    {
        if (ask.Url.Scheme != Uri.UriSchemeHttps)
            return LoginReply.None;
        return !HasRun() && await _runs.RunAsync("", FirstRunAsync, cancel) is { } fault
            ? LoginReply.Failed($"the login for {ask.Host} cannot be had: {fault}")
            : Kept(ask);
    }

    /// <inheritdoc/>
    public async ValueTask<LoginReply> RefusedAsync(LoginAsk ask, Login? refused, Refusal refusal, CancellationToken cancel)
    {
        if (ask.Url.Scheme != Uri.UriSchemeHttps)
            return LoginReply.None;
        await _runs.RunAsync("https://" + ask.Written, (url, stop) => RunAsync([.. _words, url], refusal.Head, stop), cancel);
        return Kept(ask);
    }

    private bool HasRun()
    {
        lock (_lock)
            return _hasRun;
    }

    private LoginReply Kept(LoginAsk ask)
    {
        lock (_lock)
            return new LoginReply(_kept.FindOrNull(ask.Written));
    }

    private async Task<string?> FirstRunAsync(string none, CancellationToken stop)
    {
        lock (_lock)
        {
            if (_hasRun)
                return null;
            if (_failed is var (earlier, at) && _clock.GetElapsedTime(at) < Rest)
                return earlier;
        }

        var fault = await RunAsync(_words, "", stop);
        lock (_lock)
            (_hasRun, _failed) = (fault is null, fault is null ? null : (fault, _clock.GetTimestamp()));
        return fault;
    }

    private async Task<string?> RunAsync(IReadOnlyList<string> words, string input, CancellationToken stop)
    {
        var said = await _run(words, input, stop);
        var fault = said.Fault;
        if (fault is null)
        {
            if (GoAuthAnswer.TryParse(said.Output, out var logins, out var why))
                Keep(logins);
            else
                fault = $"{words[0]} printed what is not GOAUTH's format: {why}";
        }

        if (fault is not null)
            Log.Failed(_logger, fault);
        return fault;
    }

    private void Keep(IReadOnlyList<(string Prefix, Login? Login)> logins)
    {
        lock (_lock)
        {
            foreach (var (prefix, login) in logins)
                _kept.Set(prefix, login);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "GOAUTH command failed: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
