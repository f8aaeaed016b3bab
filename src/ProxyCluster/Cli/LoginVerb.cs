using System.CommandLine;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Credentials;
using ProxyCluster.Hosting;

namespace ProxyCluster.Cli;

/// <summary><c>login</c> and <c>logout</c>: a person proves who this proxy is to an identity provider. A silo that runs picks it up.</summary>
internal static class LoginVerb
{
    /// <summary>The verb that gets tokens.</summary>
    public static Command CreateLogin(CommandContext context, Action<IServiceCollection>? more = null)
    {
        var command = new Command("login", "Log this proxy in to a host, at the identity provider that Credentials:OAuth has for it.");
        var (host, flags) = (HostOf(command), SettingFlags.ForStore(command));
        Examples.Attach(command,
            "proxycluster login git.example.com --data /var/lib/proxycluster --config production.json",
            "",
            "Prints an address and a code to enter there, on any machine. A silo that uses the directory picks the login up.");
        command.SetAction((parsed, cancel) => WithProviderAsync(
            parsed.GetRequiredValue(host), flags.Read(parsed, context), context, more, (services, name, provider) => LoginAsync(services, name, provider, parsed.GetRequiredValue(host), context, cancel)));
        return command;
    }

    /// <summary>The verb that forgets them.</summary>
    public static Command CreateLogout(CommandContext context, Action<IServiceCollection>? more = null)
    {
        var command = new Command("logout", "Forget the login for a host, and have its identity provider take the tokens back.");
        var (host, flags) = (HostOf(command), SettingFlags.ForStore(command));
        Examples.Attach(command, "proxycluster logout git.example.com --data /var/lib/proxycluster --config production.json");
        command.SetAction((parsed, cancel) => WithProviderAsync(
            parsed.GetRequiredValue(host), flags.Read(parsed, context), context, more, (services, name, provider) => LogoutAsync(services, name, provider, parsed.GetRequiredValue(host), context, cancel)));
        return command;
    }

    private static async Task<int> LogoutAsync(
        IServiceProvider services, string name, OAuthOptions provider, string host, CommandContext context, CancellationToken cancel)
    {
        // Forgotten first: a provider that is away keeps nobody logged in here.
        var directory = services.GetRequiredService<LoginDirectory>();
        OAuthTokens? tokens;
        using (await directory.LockAsync(name, cancel).ConfigureAwait(false))
        {
            tokens = directory.Open(name, provider).ReadOrNull();
            if (!directory.Delete(name))
            {
                await context.Out.WriteLineAsync($"Nobody was logged in to {host}").ConfigureAwait(false);
                return ExitStatus.Ok;
            }
        }

        var fault = tokens is null ? "they could not be read" : await services.GetRequiredService<OAuthClient>().RevokeAsync(provider, tokens, cancel).ConfigureAwait(false);
        await context.Out.WriteLineAsync($"Logged out of {host}{(fault is null ? "" : "; its tokens were not taken back and live to their end: " + fault)}").ConfigureAwait(false);
        return ExitStatus.Ok;
    }

    private static async Task<int> LoginAsync(
        IServiceProvider services, string name, OAuthOptions provider, string host, CommandContext context, CancellationToken cancel)
    {
        var (tokens, fault) = await services.GetRequiredService<DeviceGrant>().RunAsync(provider, ShowAsync, cancel).ConfigureAwait(false);
        if (tokens is null)
            return await FailAsync(context, $"no login for {host}: {fault}").ConfigureAwait(false);
        var directory = services.GetRequiredService<LoginDirectory>();
        using (await directory.LockAsync(name, cancel).ConfigureAwait(false))
            directory.Write(name, provider, tokens);
        await context.Out.WriteLineAsync($"Logged in to {host}{(tokens.RefreshToken is null ? "; it cannot be renewed, for the provider gave no refresh token" : "")}").ConfigureAwait(false);
        return ExitStatus.Ok;

        async Task ShowAsync(string line)
        {
            await context.Out.WriteLineAsync(line).ConfigureAwait(false);
            await context.Out.FlushAsync(cancel).ConfigureAwait(false);
        }
    }

    private static async Task<int> WithProviderAsync(
        string host, SettingsInput input, CommandContext context, Action<IServiceCollection>? more, Func<IServiceProvider, string, OAuthOptions, Task<int>> then)
    {
        var services = ProxyHost.BuildServices(input, more);
        await using (services.ConfigureAwait(false))
        {
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            if (!Uri.TryCreate($"https://{host}", UriKind.Absolute, out var url) || url.UserInfo.Length > 0)
                return await WrongSettings.ReportAsync([$"\"{host}\" is not a host"], context).ConfigureAwait(false);
            var found = services.GetRequiredService<IOptions<CredentialsOptions>>().Value.OAuth
                .FirstOrDefault(one => LoginRule.Covers(LoginRule.Patterns(one.Value.Hosts), url));
            if (found.Value is null)
                return await WrongSettings.ReportAsync([$"no identity provider of {CredentialsOptions.Section}:OAuth is for {host}"], context).ConfigureAwait(false);
            try
            {
                return await then(services, found.Key, found.Value).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return await FailAsync(context, e.Message).ConfigureAwait(false);
            }
        }
    }

    private static Argument<string> HostOf(Command command)
    {
        var host = new Argument<string>("HOST") { Description = "The host, such as git.example.com; with a path where providers differ by it." };
        command.Arguments.Add(host);
        return host;
    }

    private static async Task<int> FailAsync(CommandContext context, string line)
    {
        await context.Error.WriteLineAsync("proxycluster: " + line).ConfigureAwait(false);
        return ExitStatus.Failed;
    }
}
