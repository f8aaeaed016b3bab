using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Sockets;

namespace ProxyCluster.Credentials;

/// <summary>
/// How we prove ourselves, to whomever: upstreams, the hosts of repositories, checksum databases. The first source that covers
/// an address and has a login wins: what stands in the URL itself; the rules (<c>Credentials:Rules</c>) in their order;
/// identity providers (<c>Credentials:OAuth</c>); the environment (<see cref="EnvironmentLogins"/>); the netrc file that
/// <c>go</c> reads.
/// </summary>
/// <remarks>
/// Promises. A login belongs to the address that somebody named, and to its origin: it goes with requests to that scheme, host
/// and port and with no other, so a redirect never carries one away, not even to a host that has a login of its own (else an
/// upstream could make us read another's private files for it). Over plain http only this machine gets one. No text that
/// leaves this room holds a secret: not a failure, not a log line, not a setting that is printed, not a command's arguments.
/// A login that is configured and cannot be had is said so, and nobody asks without it: who asks as a stranger is told that
/// private things do not exist.
/// <para>
/// After a refusal the source is told, and may have another login; where that changed nothing for a module, it is not bothered
/// with the same again for a minute, for clients choose what is asked for. That is where a GOAUTH command is run less often
/// than <c>go</c> would.
/// </para>
/// <para>
/// Leaves to others: sending (<see cref="NamedPlace"/> for HTTP; git's own worker for the rest).
/// </para>
/// </remarks>
internal sealed class Logins : IDisposable, IAsyncDisposable
{
    private const long MemoryOfRefusals = 1 << 20;
    private static readonly TimeSpan InVainFor = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _lifetime = new();
    private readonly ImmutableArray<LoginRule> _rules;
    private readonly ShortMemory<object> _inVain;
    private readonly Commands? _commands;

    public Logins(IOptions<CredentialsOptions> options, LoginDirectory directory, OAuthClient client, TimeProvider clock, ILogger<Logins> logger)
        : this(clock)
    {
        _commands = new Commands(options.Value.CommandTimeout, clock);
        _rules = RulesOf(options.Value, directory, client, _commands.RunAsync, Environment.GetEnvironmentVariable, clock, logger, _lifetime.Token);
    }

    /// <summary>For tests: other rules.</summary>
    internal Logins(TimeProvider clock, Func<CancellationToken, IEnumerable<LoginRule>> rules)
        : this(clock) => _rules = [.. rules(_lifetime.Token)];

    private Logins(TimeProvider clock) => _inVain = new(MemoryOfRefusals, InVainFor, clock);

    /// <summary>The rules that the options make, in their order.</summary>
    internal static ImmutableArray<LoginRule> RulesOf(
        CredentialsOptions options,
        LoginDirectory directory,
        OAuthClient client,
        RunCommand run,
        Func<string, string?> environment,
        TimeProvider clock,
        ILogger logger,
        CancellationToken lifetime)
    {
        var rules = ImmutableArray.CreateBuilder<LoginRule>();
        foreach (var rule in options.Rules)
        {
            rules.Add(new(rule.Match, rule.Modules, rule switch
            {
                { Helper.Length: > 0 } => new GitHelper(rule, run, clock, logger, lifetime),
                { GoAuth.Length: > 0 } => new GoAuthCommand(rule.GoAuth, run, clock, logger, lifetime),
                { NetrcFile.Length: > 0 } => new NetrcLogins(rule.NetrcFile) { IsRequired = true },
                _ => new FixedLogin(rule),
            }));
        }

        foreach (var (name, provider) in options.OAuth)
            rules.Add(new(provider.Hosts, "", new OAuthLogin(name, provider, directory, client, clock, logger, lifetime)));
        rules.Add(new("*", "", new EnvironmentLogins(environment)));
        if (NetrcLogins.OfEnvironmentOrNull(environment) is { } netrc)
            rules.Add(new("*", "", netrc));
        return rules.ToImmutable();
    }

    /// <summary>The login for an address.</summary>
    public async ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel)
    {
        if (MayCarry(ask.Url))
        {
            foreach (var rule in _rules.Where(rule => rule.Covers(ask)))
            {
                var reply = Fitting(ask, await rule.Source.FindAsync(ask, cancel));
                if (reply.Login is not null || reply.Trouble is not null)
                    return reply with { From = rule.Source };
            }
        }

        return LoginReply.None;
    }

    /// <summary>A host refused; another login to try, once, or none.</summary>
    /// <param name="ask">For what.</param>
    /// <param name="sent">What went with the request.</param>
    /// <param name="refusal">How.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async ValueTask<LoginReply> RefusedAsync(LoginAsk ask, LoginReply sent, Refusal refusal, CancellationToken cancel)
    {
        // 1. Is anybody told?
        if (!MayCarry(ask.Url) || (sent is { Login: not null, From: null }))
            return LoginReply.None;
        var rules = _rules.Where(rule => (refusal.Status is 401 or 403 || rule.Source.WantsEveryRefusal) && rule.Covers(ask)).ToList();
        var subject = $"{refusal.Status} {Subject(ask)}";
        if (rules.Count == 0 || _inVain.FindOrNull(subject) is not null)
            return LoginReply.None;

        // 2. Who has another one? The sources before the one that gave it had none then; they may now, as GOAUTH's commands do.
        foreach (var rule in rules)
        {
            var reply = Fitting(ask, await rule.Source.RefusedAsync(ask, ReferenceEquals(rule.Source, sent.From) ? sent.Login : null, refusal, cancel));
            if (reply.Login is { } login && !login.IsSameAs(sent.Login))
                return reply with { From = rule.Source };
            if (reply.Login is not null || reply.Trouble is not null)
                break;
        }

        _inVain.Remember(subject, subject, subject);
        return LoginReply.None;
    }

    /// <summary>A host took a login.</summary>
    public static Task AcceptedAsync(LoginAsk ask, LoginReply sent) =>
        sent is { Login: { } login, From: { } source } ? source.AcceptedAsync(ask, login) : Task.CompletedTask;

    /// <summary>Whether a login may be sent there at all.</summary>
    public static bool MayCarry(Uri url) => url.Scheme != Uri.UriSchemeHttp || OutboundProxy.IsThisMachine(url);

    /// <inheritdoc/>
    public void Dispose()
    {
        _lifetime.Cancel();
        _lifetime.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, and waits until no command runs any more: none outlives us.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lifetime.CancelAsync();
        if (_commands is not null)
            await _commands.DisposeAsync();
        _lifetime.Dispose();
    }

    // Keys are for ssh, headers for http.
    private static LoginReply Fitting(LoginAsk ask, LoginReply reply) =>
        reply.Login is { } login && (login.SshKeyFile is not null) != (ask.Url.Scheme is "ssh" or "git+ssh") ? LoginReply.None : reply;

    // A module's files are refused alike.
    private static string Subject(LoginAsk ask)
    {
        var at = ask.Written.IndexOf("/@", StringComparison.Ordinal);
        return at < 0 ? ask.Written : ask.Written[..at];
    }
}

/// <summary>A source and what it is for.</summary>
internal sealed class LoginRule(string match, string modules, ILoginSource source)
{
    private readonly ModulePathPatterns _match = Patterns(match);
    private readonly ModulePathPatterns _modules = ModulePathPatterns.Parse(modules);

    public ILoginSource Source => source;

    /// <summary>Whether the rule is about it. A host without a port covers any.</summary>
    public bool Covers(LoginAsk ask) => Covers(_match, ask.Url)
        && (_modules.Text.Length == 0 || (ask.Module is { } module && _modules.MatchOrNull(module) is not null));

    /// <summary>Patterns over hosts and paths; in hosts, letters' case does not count.</summary>
    public static ModulePathPatterns Patterns(string text) => ModulePathPatterns.Parse(string.Join(',', text.Split(',').Select(static one =>
        one.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? one[..slash].ToLowerInvariant() + one[slash..] : one.ToLowerInvariant())));

    /// <summary>Whether patterns cover an address.</summary>
    public static bool Covers(ModulePathPatterns patterns, Uri url)
    {
        var path = url.AbsolutePath.TrimEnd('/');
        return patterns.MatchOrNull($"{url.IdnHost.ToLowerInvariant()}{path}") is not null
            || patterns.MatchOrNull($"{url.IdnHost.ToLowerInvariant()}:{url.Port}{path}") is not null;
    }
}
