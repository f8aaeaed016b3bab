using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProxyCluster.Advisories;
using ProxyCluster.Audit;
using ProxyCluster.Cli.Auditing;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Configuration;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;
using Spectre.Console;

namespace ProxyCluster.Cli;

/// <summary><c>vuln</c>: which advisories affect module versions. Nothing but the database is asked.</summary>
internal static class VulnVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("vuln", "Say which advisories affect module versions: those that are named, or those that are stored.");
        var what = new Argument<string[]>("WHAT") { Description = "MODULE@VERSION, a go.sum or a go.mod file; stdlib@go1.22.3 for Go itself.", Arity = ArgumentArity.ZeroOrMore };
        var database = new Option<string?>("--vulndb")
        {
            Description = "Judge by this database: https://vuln.go.dev, or a directory or zip with its layout or of OSV records. Default: Advisories:Database, or else what the silo of --data has kept.",
            HelpName = "DIR|ZIP|URL",
        };
        var stored = new Option<bool>("--stored") { Description = "Judge every module version whose zip the directory of --data holds." };
        var served = new Option<bool>("--served") { Description = "Say who was given what is affected, by the audit log of --data; it has downloads with Audit:Downloads=true." };
        var since = AuditQueryVerb.Moment("--since", "Of --served, from this moment on (2026-11-21T05:00:00Z), or of this last time (30d).");
        var go = new Option<string?>("--go") { Description = "Judge this release of Go as well, e.g. go1.22.3.", HelpName = "RELEASE" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        command.Arguments.Add(what);
        var flags = SettingFlags.ForStore(command);
        foreach (var option in new Option[] { database, stored, served, since, go, json })
            command.Options.Add(option);
        Examples.Attach(command,
            "proxycluster vuln golang.org/x/net@v0.20.0 --vulndb https://vuln.go.dev",
            "proxycluster vuln go.mod --go go1.22.3 --vulndb vulndb.zip --json",
            "proxycluster vuln --stored --served --since 30d --data /var/lib/proxycluster",
            "",
            "Of a go.mod its requirements count, with what it replaces replaced; of a go.sum the lines for zips.",
            "",
            "Exit status: 0 nothing is affected, 3 something is, 1 it could not be judged, 2 wrong usage.");
        command.SetAction((parsed, cancellation) => RunAsync(
            flags.Read(parsed, context), parsed.GetValue(what) ?? [], parsed.GetValue(database), parsed.GetValue(stored), parsed.GetValue(served) ? new AuditFilter { Decision = VulnServed.Events, Since = parsed.GetValue(since) } : null, parsed.GetValue(go), parsed.GetValue(json), context, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        SettingsInput input, string[] words, string? named, bool stored, AuditFilter? served, string? go, bool json, CommandContext context, CancellationToken cancel)
    {
        var services = ProxyHost.BuildServices(input);
        await using (services.ConfigureAwait(false))
        {
            // 1. What is to be judged, and by what?
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            var tree = services.GetRequiredService<DataTree>();
            var options = services.GetRequiredService<IOptions<AdvisoryOptions>>().Value;
            var database = AdvisoryReading.DatabaseOrNull(named, options, tree);
            var fault = words.Length == 0 && !stored && go is null ? "name MODULE@VERSION, a go.sum or a go.mod, or give --stored"
                : database is null ? "there are no advisories: give --vulndb, or set Advisories:Database"
                : AdvisorySources.FaultOrNull(database) is { } why ? $"--vulndb {why}" : null;
            var subjects = new VulnSubjects(context.WorkingDirectory);
            try
            {
                fault ??= words.Select(subjects.AddOrFault).OfType<string>().FirstOrDefault() ?? (go is null ? null : subjects.AddGoOrFault(go));
                if (fault is not null)
                    return await WrongSettings.ReportAsync([fault], context).ConfigureAwait(false);
                foreach (var module in stored ? tree.StoredZips() : [])
                    subjects.Add(module);
                foreach (var skipped in subjects.Skipped)
                    await context.Error.WriteLineAsync("proxycluster: " + skipped).ConfigureAwait(false);

                // 2. The records about it.
                var time = services.GetRequiredService<TimeProvider>();
                var all = subjects.All;
                var (set, broken) = await AdvisoryReading.ReadAsync(
                    database!, all.Select(static subject => subject.Module).ToHashSet(StringComparer.Ordinal), services, options, context, cancel).ConfigureAwait(false);

                // 3. The judgement.
                var findings = all.SelectMany(subject => set.Find(subject.Module, subject.Version, time.GetUtcNow()).Select(match => VulnFinding.Of(subject, match))).ToList();
                // 4. And who was given that.
                var audit = services.GetRequiredService<IOptions<AuditOptions>>().Value;
                if (served is not null && !Directory.Exists(audit.Directory))
                    return await WrongSettings.ReportAsync([$"{audit.Directory}: there is no audit log"], context).ConfigureAwait(false);
                var given = served is null ? null : VulnServed.Find(
                    AuditReader.Read(audit.Directory, served, AuditAddresses.Of(audit)), findings.Select(static finding => new VulnSubject(finding.Module, finding.Version)).ToHashSet());
                if (json)
                    await context.Out.WriteLineAsync(JsonSerializer.Serialize(new VulnReport(database!, set.Count, broken, all.Count, findings) { Served = given }, VulnJson.Plain.VulnReport)).ConfigureAwait(false);
                else
                    Print(findings, given, all.Count, set, context);
                return findings.Count == 0 ? ExitStatus.Ok : ExitStatus.Affected;
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                await context.Error.WriteLineAsync("proxycluster: " + ShownText.Of(e.Message)).ConfigureAwait(false);
                return ExitStatus.Failed;
            }
        }
    }

    private static void Print(List<VulnFinding> findings, IReadOnlyList<VulnServed>? given, int judged, AdvisorySet set, CommandContext context)
    {
        if (findings.Count > 0)
        {
            var table = new Table { Border = TableBorder.Rounded };
            foreach (var column in (ReadOnlySpan<string>)["advisory", "also", "module", "version", "first fixed", "summary"])
                table.AddColumn(column);
            foreach (var finding in findings)
            {
                // What only one of the readings says is for a person to look at.
                var doubt = finding.Readings is [var only] ? $" (by the reading of {(only == "record" ? "the whole record" : only)} alone)" : "";
                table.AddRow([.. new[]
                {
                    finding.Id, string.Join(' ', finding.Aliases), finding.Module, finding.Version, finding.FirstFixed ?? "none", finding.Summary + doubt,
                }.Select(static cell => Markup.Escape(ShownText.Of(cell)))]);
            }

            OperatorAnswers.Console(context).Write(table);
        }

        if (given is { Count: > 0 })
        {
            var table = new Table { Border = TableBorder.Rounded };
            foreach (var column in (ReadOnlySpan<string>)["module", "version", "given to", "times", "first", "last"])
                table.AddColumn(column);
            foreach (var one in given)
                table.AddRow([.. one.Cells().Select(static cell => Markup.Escape(ShownText.Of(cell)))]);
            OperatorAnswers.Console(context).Write(table);
        }

        var affected = findings.DistinctBy(static finding => (finding.Module, finding.Version)).Count();
        context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{affected} of {judged} versions are affected, by {set.Count} advisories{(set.Newest is { } newest ? $", the newest of {newest.UtcDateTime:yyyy-MM-dd}" : "")}"));
        if (given is not null)
            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{given.DistinctBy(static one => (one.Module, one.Version)).Count()} of them were given to {given.DistinctBy(static one => one.Client).Count()} clients, by the audit log"));
    }
}
