using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Credentials;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Logins with collaborators that a test scripts; what it leaves out is not there.</summary>
internal static class TestLogins
{
    public static Logins Nobody { get; } = new(TimeProvider.System, static _ => []);

    public static Logins Of(
        CredentialsOptions options,
        Func<string, string?>? environment = null,
        RunCommand? run = null,
        TimeProvider? clock = null,
        string directory = "",
        HttpMessageHandler? provider = null,
        ILogger? logger = null)
    {
        var time = clock ?? TimeProvider.System;
        return new(time, lifetime => Logins.RulesOf(
            options,
            new LoginDirectory(directory, TimeProvider.System),
            new OAuthClient(time, provider),
            run ?? (static (words, _, _) => Task.FromResult(new CommandResult("", $"{words[0]} is not scripted"))),
            environment ?? (static _ => null),
            time,
            logger ?? NullLogger.Instance,
            lifetime));
    }

    public static Logins Of(params CredentialRuleOptions[] rules) => Of(new CredentialsOptions { Rules = rules });

    public static async Task<Login?> FindAsync(this Logins logins, string url)
    {
        var reply = await logins.FindAsync(Ask(url), TestContext.Current.CancellationToken);
        Assert.Null(reply.Trouble);
        return reply.Login;
    }

    // As somebody wrote it: the platform would drop a port that goes without saying.
    public static LoginAsk Ask(string url) => new(new Uri(url), url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..]);

    public static string? Shown(this Login? login) => login is null ? null : string.Join('\n', login.Headers.Select(static header => $"{header.Name}: {header.Value}"));
}
