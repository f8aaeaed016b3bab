using Microsoft.Extensions.Options;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;

namespace ProxyCluster.Repositories;

/// <summary>
/// Commands of hg and svn to other hosts: with the login for them, to the address that was looked at, and not where a redirect
/// leads. What the program says then becomes a failure here, once for both. Git is told all of that by its environment
/// (<see cref="GitMirrors"/>).
/// </summary>
internal sealed partial class RepositoryCalls(
    IOptions<DirectOptions> options, LimitedProgram program, RepositoryGuard guard, GitLogins logins, TimeProvider clock, ILogger<RepositoryCalls> logger)
{
    private readonly DirectOptions _options = options.Value;
    private readonly QuietHosts _hosts = new(options.Value, clock);

    /// <summary>Asks a repository, and gives what it said even where that is an absence of what was asked for.</summary>
    /// <param name="address">The repository.</param>
    /// <param name="words">How the program speaks.</param>
    /// <param name="command">The command, given its way.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="RepositoryException">There was no answer.</exception>
    public async Task<ProgramResult> AskAsync(
        RepositoryAddress address, ProgramWords words, Func<RepositoryWay, ProgramCommand> command, CancellationToken cancel)
    {
        // 1. Ask.
        var (result, login) = await _hosts.AskAsync(address, () => CallAsync(address, words, command, cancel));

        // 2. What it said.
        var isUnreachable = words.SaysUnreachable(result);
        if (!isUnreachable)
            _hosts.Answered(address.HostKey);
        if (result.IsWell || (!isUnreachable && words.SaysAbsent(result)))
        {
            if (login?.Accepted is { } accepted)
                _ = accepted();
            return result;
        }

        var failure = words.FailureOf(address.Url, result);
        if (isUnreachable)
            _hosts.WasUnreachable(address.HostKey, failure);
        else
            failure = await guard.JudgeAsync(address, failure, words.SaysNotFound(result), login is { IsNone: false }, cancel);
        if (failure.Kind is not FailureKind.NotFound)
            Log.Unanswered(logger, address.Url, failure.Message);
        throw new RepositoryException(failure);
    }

    // With the login that there is; where that is refused, once more with another, if there is one. What ssh refuses is its key, which no
    // source has another of.
    private async Task<(ProgramResult Result, GitLogin? Login)> CallAsync(
        RepositoryAddress address, ProgramWords words, Func<RepositoryWay, ProgramCommand> command, CancellationToken cancel)
    {
        var login = address.IsInside ? await logins(address.Uri, cancel) : null;
        var result = await RunAsync(address, login, command, cancel);
        return login?.Refused is { } refused && address.Protocol is not ("ssh" or "svn+ssh") && words.RefusalOrNull(result) is { } refusal && await refused(refusal, cancel) is { } other
            ? (await RunAsync(address, other, command, cancel), other)
            : (result, login);
    }

    private async Task<ProgramResult> RunAsync(RepositoryAddress address, GitLogin? login, Func<RepositoryWay, ProgramCommand> command, CancellationToken cancel)
    {
        // 1. A login of headers or a token alone these programs cannot be given, and without it the host must not be asked.
        var isNone = login is null or { IsNone: true };
        var password = login?.Whole is { Username: not null, Password: not null } whole ? whole : null;
        if (!isNone && password is null && login!.SshCommand is null)
            throw Refuse("its login is none of name and password, and this kind of repository takes no other");
        if (password is not null && address.Protocol is "http")
            throw Refuse("its login would go over plain http");
        if (password is not null && (password.Username + password.Password).AsSpan().ContainsAny('\r', '\n'))
            throw Refuse("its login has more than one line");

        // 2. The way.
        var pinnedTo = await guard.PinOrNullAsync(address, cancel);
        if (pinnedTo is not null && address.Protocol is not ("https" or "ssh" or "svn+ssh"))
            throw Refuse($"strangers' repositories are not asked over {address.Protocol}");
        var proxy = address.Protocol is "https" ? OutboundProxy.OfEnvironment.GetProxy(address.Uri) : null;
        if (proxy is not null && proxy.Scheme is not "http")
            throw new RepositoryException(new Failure(FailureKind.NotSupported, $"{address.Url}: git alone is led through a proxy that is not on plain http"));
        using var way = address.Protocol is "https" ? new GuardedWay(address.Uri, pinnedTo, proxy) : null;
        var ssh = GitEnvironment.SshCommandOf(new GitCall(address, isNone ? null : login, pinnedTo) { KnownHosts = _options.KnownHosts });

        // 3. There and back.
        var result = await program.RunAsync(
            command(new RepositoryWay(password?.Username, password?.Password, way?.Port, ssh)) with { IsAway = true, HasHelpers = true }, cancel);
        return result.IsWell || way is not { HasRefused: true }
            ? result
            : throw new RepositoryException(new Failure(FailureKind.UpstreamInvalid, $"{address.Url}: it leads to another host, which is not followed (a Direct:Rewrites says where it is now)"));

        RepositoryException Refuse(string why) => new(new Failure(FailureKind.Blocked, $"{address.Url}: {why}"));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Repository {Url} did not answer: {Reason}")]
        public static partial void Unanswered(ILogger logger, string url, string reason);
    }
}

/// <summary>How a program gets to a repository.</summary>
/// <param name="Username">Of the login; null for none.</param>
/// <param name="Password">The password that goes with it.</param>
/// <param name="ProxyPort">The port here of the only way out (<see cref="GuardedWay"/>); null where it goes by itself.</param>
/// <param name="SshCommand">The ssh command.</param>
internal sealed record RepositoryWay(string? Username, string? Password, int? ProxyPort, string SshCommand);
