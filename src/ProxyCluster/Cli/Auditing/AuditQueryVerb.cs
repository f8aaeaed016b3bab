using System.CommandLine;
using Microsoft.Extensions.Options;
using Npgsql;
using ProxyCluster.Audit;
using ProxyCluster.Audit.Postgres;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli.Auditing;

/// <summary><c>audit query</c>: lines of the log, from a directory, from members that run, or from the database.</summary>
internal static class AuditQueryVerb
{
    private const string Formats = "table, json or csv";

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("query", "List what the audit log says, oldest first.");
        var flags = SettingFlags.ForStore(command);
        var admin = AdminConnection.Flags.AddTo(command, isRequired: false);
        var postgres = new Option<string?>("--postgres") { Description = "Ask this PostgreSQL database, which has the lines of all silos.", HelpName = "CONNECTION" };
        var module = new Option<string?>("--module") { Description = "Only about this module, or patterns as in GOPRIVATE; with @VERSION about that version.", HelpName = "MODULE[@VERSION]" };
        var client = new Option<string?>("--client") { Description = "Only of this client: its address or network, subject, namespace or build." };
        var since = Moment("--since", "From this moment on (2026-11-21T05:00:00Z), or of this last time (1h).");
        var until = Moment("--until", "Before this moment.");
        var decision = new Option<string?>("--decision") { Description = "Only these events: " + string.Join(", ", AuditFilter.Events) + "; several are separated by ','.", HelpName = "EVENTS" };
        var format = new Option<string>("--format") { Description = $"{Formats}. Default table.", DefaultValueFactory = static _ => "table" };
        format.AcceptOnlyFromAmong("table", "json", "csv");
        foreach (var option in new Option[] { postgres, module, client, since, until, decision, format })
            command.Options.Add(option);
        Examples.Attach(command,
            "proxycluster audit query --module example.com/lib@v1.2.3 --decision allow --data /var/lib/proxycluster",
            "proxycluster audit query --client 10.0.0.0/8 --since 1h --url http://tokyo-1:8080,http://paris-1:8080 --token-file token",
            "proxycluster audit query --decision block,integrity --postgres 'Host=db;Database=audit' --format csv",
            "",
            "With --token-file every member of --url is asked, with --postgres the database, and otherwise the directory of --data.",
            "",
            "Exit status: 0 all of it was said, 1 somebody could not be asked, 2 wrong usage.");
        command.SetAction((parsed, cancel) =>
        {
            (string Name, string? Value)[] given =
            [
                ("module", parsed.GetValue(module)), ("client", parsed.GetValue(client)), ("decision", parsed.GetValue(decision)),
                ("since", parsed.GetValue(since)?.ToString("O")), ("until", parsed.GetValue(until)?.ToString("O")),
            ];
            return AuditFilter.ReadOrFault(name => given.FirstOrDefault(one => one.Name == name).Value, out var filter) is { } fault
                ? WrongSettings.ReportAsync(["--" + fault], context)
                : RunAsync(flags.Read(parsed, context), parsed, admin, parsed.GetValue(postgres), filter, parsed.GetValue(format)!, context, cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        SettingsInput input, ParseResult parsed, AdminConnection.Flags admin, string? postgres, AuditFilter filter, string format, CommandContext context, CancellationToken cancel)
    {
        var services = ProxyHost.BuildServices(input);
        await using (services.ConfigureAwait(false))
        {
            // 1. Hashed addresses can be asked for by whoever has the key.
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            var options = services.GetRequiredService<IOptions<AuditOptions>>().Value;
            var addresses = AuditAddresses.Of(options);

            // 2. Where from?
            AdminConnection? connection = null;
            AuditTable? table = null;
            var isWhole = true;
            List<IAsyncEnumerable<AuditLine>> sources = [];
            try
            {
                if (postgres is not null)
                {
                    table = new AuditTable(postgres);
                    var isMeant = filter.Matcher(addresses);
                    sources.Add(table.FindAsync(filter, cancel).Where(line => isMeant(line)));
                }
                else if (parsed.GetValue(admin.TokenFile) is not null)
                {
                    if (!AdminConnection.Open(parsed, admin, context).TryGet(out connection, out var failure))
                        return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
                    sources.AddRange(connection.Members.Select(member => connection.AuditAsync(member, filter, Failed, cancel)));
                }
                else if (!Directory.Exists(options.Directory))
                {
                    return await WrongSettings.ReportAsync([$"{options.Directory}: there is no audit log"], context).ConfigureAwait(false);
                }
                else
                {
                    sources.Add(AuditReader.Read(options.Directory, filter, addresses).ToAsyncEnumerable());
                }

                // 3. All of it in one order.
                var lines = AuditMerge.ByTime(sources, cancel);
                await AuditPrint.WriteAsync(lines, format, context, cancel).ConfigureAwait(false);
                return isWhole ? ExitStatus.Ok : ExitStatus.Failed;
            }
            catch (Exception e) when (StoreException.IsCause(e) || e is NpgsqlException or ArgumentException or TimeoutException)
            {
                await context.Error.WriteLineAsync("proxycluster: " + ShownText.Of(e.Message)).ConfigureAwait(false);
                return ExitStatus.Failed;
            }
            finally
            {
                connection?.Dispose();
                if (table is not null)
                    await table.DisposeAsync().ConfigureAwait(false);
            }

            void Failed(Outcomes.Failure failure)
            {
                isWhole = false;
                context.Error.WriteLine("proxycluster: " + failure.Message);
            }
        }
    }

    /// <summary>An option that takes a moment, or how long ago it was.</summary>
    public static Option<DateTimeOffset?> Moment(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (EventStart.TryParse(text, TimeProvider.System.GetUtcNow(), out var start) && start.From is { } moment)
                return moment;
            result.AddError($"{name} {text}: use a time such as 1h, or a moment such as 2026-11-21T05:00:00Z");
            return null;
        },
    };
}
