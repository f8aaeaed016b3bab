using System.CommandLine;
using ProxyCluster.Configuration;
using ProxyCluster.Credentials;
using ProxyCluster.Hosting;

namespace ProxyCluster.Cli;

/// <summary>
/// <c>credential</c>: a credential helper for git, which gets its logins where the proxy gets its own. Attributes come on
/// standard input and go to standard output (gitcredentials(7)); what git asks that we do not know is passed over in silence.
/// </summary>
internal static class CredentialVerb
{
    // git's own limit for a line is 64 KiB.
    private const int MaxInput = 256 * 1024;

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context, Action<IServiceCollection>? more = null)
    {
        var command = new Command("credential", "Serve git as a credential helper, with this proxy's own logins.");
        var operation = new Argument<string>("OPERATION") { Description = "get, store or erase; git adds it." };
        command.Arguments.Add(operation);
        var flags = SettingFlags.ForStore(command);
        Examples.Attach(command, "git config --global credential.helper 'proxycluster credential --config /etc/proxycluster/production.json'");
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetRequiredValue(operation), flags.Read(parsed, context), context, more, cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        string operation, SettingsInput input, CommandContext context, Action<IServiceCollection>? more, CancellationToken cancel)
    {
        var services = ProxyHost.BuildServices(input, more);
        await using (services.ConfigureAwait(false))
        {
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);

            var asked = GitAttributes.Parse(await ReadAsync(context.In, cancel).ConfigureAwait(false));
            if (operation is not ("get" or "store" or "erase") || asked.UrlOrNull() is not { } url)
                return ExitStatus.Ok;

            var logins = services.GetRequiredService<Logins>();
            var ask = LoginAsk.For(url);
            var found = await logins.FindAsync(ask, cancel).ConfigureAwait(false);
            if (operation == "get")
                return await AnswerAsync(found, asked, context).ConfigureAwait(false);

            // What git has from elsewhere is none of our sources' business.
            if (asked.LoginOrNull() is { } told && found.Login is { } known && told.MeansSameAs(known))
            {
                if (operation == "store")
                    await Logins.AcceptedAsync(ask, found).ConfigureAwait(false);
                else
                    await logins.RefusedAsync(ask, found, new Refusal(401, "HTTP/1.1 401 Unauthorized\n\n"), cancel).ConfigureAwait(false);
            }

            return ExitStatus.Ok;
        }
    }

    private static async Task<int> AnswerAsync(LoginReply found, GitAttributes asked, CommandContext context)
    {
        if (found.Login is { } login && GitAttributes.OfOrNull(login, asked) is { } answer)
            await context.Out.WriteAsync(answer.Format()).ConfigureAwait(false);
        else if (found.Trouble is not null)
            await context.Error.WriteLineAsync("proxycluster: " + found.Trouble).ConfigureAwait(false);
        return ExitStatus.Ok;
    }

    private static async Task<string> ReadAsync(TextReader from, CancellationToken cancel)
    {
        var buffer = new char[MaxInput];
        var count = await from.ReadBlockAsync(buffer, cancel).ConfigureAwait(false);
        return new string(buffer, 0, count);
    }
}
