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
        // 1. A host that was not there a moment ago is not there now.
        var host = $"{address.IsInside} {address.Uri.Scheme}://{address.Uri.Authority}";
        if (address.Uri.Host.Length > 0 && _hosts.FindOrNull(host) is { } outage)
            throw new RepositoryException(outage);

        // 2. Ask; where the login is refused, once more with another, if there is one.
        var login = address.IsInside ? await logins(address.Uri, cancel) : null;
        ProgramResult result;
        try
        {
            result = await RunAsync(address, login, command, cancel);
            if (login?.Refused is { } refused && words.RefusalOrNull(result) is { } refusal && await refused(refusal, cancel) is { } other)
            {
                login = other;
                result = await RunAsync(address, login, command, cancel);
            }
        }
        catch (RepositoryException e) when (e is { IsOfHost: true, Failure.Kind: FailureKind.UpstreamUnavailable })
        {
            _hosts.WasUnreachable(host, e.Failure);
            throw;
        }
        catch (RepositoryException e) when (e.Failure.Kind is FailureKind.UpstreamTimeout)
        {
            _hosts.WasSilent(host, e.Failure);
            throw;
        }

        // 3. What it said.
        if (words.SaysUnreachable(result))
        {
            var failure = words.FailureOf(address.Url, result);
            _hosts.WasUnreachable(host, failure);
            Log.Unanswered(logger, address.Url, failure.Message);
            throw new RepositoryException(failure);
        }

        _hosts.Answered(host);
        if (result.IsWell || words.SaysAbsent(result))
        {
            if (login?.Accepted is { } accepted)
                _ = accepted();
            return result;
        }

        throw await FailAsync(address, words, result, login is { IsNone: false }, cancel);
    }

    // A host that hides what is private says of it that it is not there: of the operator's own modules, and after a login, that
    // proves nothing (as for git).
    private async Task<RepositoryException> FailAsync(RepositoryAddress address, ProgramWords words, ProgramResult result, bool hasLogin, CancellationToken cancel)
    {
        var failure = words.FailureOf(address.Url, result);
        var isOurs = address.IsInside || hasLogin;
        var isNotFound = words.SaysNotFound(result);
        if (isNotFound && isOurs)
            failure = new Failure(FailureKind.Blocked, $"{address.Url}: its host says that there is no such repository, as it would of one that this login may not see");
        else if (address.Protocol is "https" or "http" && (isNotFound || (failure.Kind is FailureKind.Blocked && !isOurs && await guard.IsAbsentAsync(address, cancel))))
            return new RepositoryException(new Failure(FailureKind.NotFound, $"{address.Url}: there is no such repository"));
        Log.Unanswered(logger, address.Url, failure.Message);
        return new RepositoryException(failure);
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
