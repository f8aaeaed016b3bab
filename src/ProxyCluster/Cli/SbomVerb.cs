using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Advisories;
using ProxyCluster.Audit;
using ProxyCluster.Bills;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Configuration;
using ProxyCluster.Fetching;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli;

/// <summary><c>sbom</c>: a bill of materials of a build, with what the store and the advisories know of its modules.</summary>
internal static class SbomVerb
{
    private const string Json = "cyclonedx-json";
    private const string Xml = "cyclonedx-xml";

    // Where reproducible builds say when they are.
    private const string EpochVariable = "SOURCE_DATE_EPOCH";

    // Zips that are fetched at the same time.
    private const int AtATime = 4;

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("sbom", "Print a bill of materials of a build: its modules with hashes, licences, advisories, origin and proof.");
        var from = new Option<string[]>("--from")
        {
            Description = "What it is made of: a go.sum, a go.mod, what 'go mod graph' or 'go version -m' prints; '-' for standard input. May be given several times, for one build.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        var build = new Option<string?>("--build") { Description = "Instead: what this build downloaded, by the audit log of --data (with Audit:Downloads=true).", HelpName = "ID" };
        var format = new Option<string>("--format") { Description = $"{Json} or {Xml}, of CycloneDX 1.6. Default {Json}.", DefaultValueFactory = static _ => Json };
        format.AcceptOnlyFromAmong(Json, Xml);
        var database = new Option<string?>("--vulndb")
        {
            Description = "Look for advisories here: https://vuln.go.dev, or a directory or zip with its layout or of OSV records. Default: Advisories:Database, or else what the silo of --data has kept.",
            HelpName = "DIR|ZIP|URL",
        };
        var go = new Option<string?>("--go") { Description = "The release of Go that it is built with, e.g. go1.22.3; of 'go version -m' it is known.", HelpName = "RELEASE" };
        var upstream = new Option<string?>("--upstream") { Description = "Fetch zips that --data does not hold, for their licences: a running proxy's address, or a list as in GOPROXY. Default: nobody is asked.", HelpName = "LIST" };
        var timestamp = new Option<string?>("--timestamp") { Description = $"Say that it was made at this moment (2026-11-21T05:00:00Z, or 'now'). Default: {EpochVariable}, or nothing.", HelpName = "TIME" };
        var flags = SettingFlags.ForStore(command);
        foreach (var option in new Option[] { from, build, format, upstream, database, go, timestamp })
            command.Options.Add(option);
        Examples.Attach(command,
            "go version -m ./app | proxycluster sbom --from - --data /var/lib/proxycluster",
            "go mod graph > graph; proxycluster sbom --from graph --from go.mod --from go.sum --go go1.27.3 --upstream http://localhost:8080",
            "proxycluster sbom --from go.sum --vulndb https://vuln.go.dev --format cyclonedx-xml",
            "proxycluster sbom --build 4711 --data /var/lib/proxycluster",
            "",
            "The same input gives the same bytes. Licences are found by comparing texts, and a property says where they are not known.",
            "",
            "Exit status: 0 it was made, 1 it could not be, or hashes contradict each other, 2 wrong usage.");
        command.SetAction((parsed, cancel) =>
        {
            var settings = flags.Read(parsed, context);
            var list = parsed.GetValue(upstream);
            if (list is not null)
                settings = settings with { Flags = [.. settings.Flags, new Setting(SettingKeys.Upstreams, list, "flag --upstream")] };
            var wanted = new Wanted(
                parsed.GetValue(from)!, parsed.GetValue(build), parsed.GetValue(format)!, parsed.GetValue(database), parsed.GetValue(go), list is not null, parsed.GetValue(timestamp));
            return RunAsync(settings, wanted, context, cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(SettingsInput settings, Wanted wanted, CommandContext context, CancellationToken cancel)
    {
        var services = ProxyHost.BuildServices(settings);
        await using (services.ConfigureAwait(false))
        {
            // 1. What is it about?
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            var tree = services.GetRequiredService<DataTree>();
            var advisoryOptions = services.GetRequiredService<IOptions<AdvisoryOptions>>().Value;
            var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
            var database = AdvisoryReading.DatabaseOrNull(wanted.Database, advisoryOptions, tree);
            var input = new BillInput();
            try
            {
                var fault = TimeFaultOrNull(wanted.Timestamp, context, now, out var time) ?? UsageFaultOrNull(wanted, database, services.GetRequiredService<UpstreamRoutes>())
                    ?? await FilesFaultOrNullAsync(wanted.From, input, context).ConfigureAwait(false);
                if (fault is not null)
                    return await WrongSettings.ReportAsync([fault], context).ConfigureAwait(false);
                input.Release = wanted.Go;
                if (wanted.Build is { } id && AddBuild(id, services.GetRequiredService<IOptions<AuditOptions>>().Value, input) == 0)
                {
                    await context.Error.WriteLineAsync($"proxycluster: the audit log names no zip that build {ShownText.Of(id)} got: downloads are in it with Audit:Downloads=true").ConfigureAwait(false);
                    return ExitStatus.Failed;
                }

                // 2. What is known of it?
                using var upstreams = wanted.AsksUpstream ? BillEvidence.OpenUpstreams(services) : null;
                var facts = await FindAsync(input, new BillEvidence(tree, upstreams), cancel).ConfigureAwait(false);
                var advisories = database is null ? null : (await AdvisoryReading.ReadAsync(
                    database,
                    input.Modules().Select(static one => one.Module.Path).Append(AdvisorySet.StandardLibrary).ToHashSet(StringComparer.Ordinal),
                    services, advisoryOptions, context, cancel).ConfigureAwait(false)).Set;

                // 3. The bill.
                var bill = new BillMaker(input, facts, advisories).Make(time, time ?? now);
                await context.Out.WriteAsync(Encoding.UTF8.GetString(wanted.Format == Xml ? BillXml.Write(bill) : BillJson.Write(bill))).ConfigureAwait(false);
                var conflicts = facts.Values.Select(static known => known.Conflict).OfType<string>().Order(StringComparer.Ordinal).ToList();
                foreach (var conflict in conflicts)
                    await context.Error.WriteLineAsync("proxycluster: " + ShownText.Of(conflict)).ConfigureAwait(false);
                return conflicts.Count == 0 ? ExitStatus.Ok : ExitStatus.Failed;
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                await context.Error.WriteLineAsync("proxycluster: " + ShownText.Of(e.Message)).ConfigureAwait(false);
                return ExitStatus.Failed;
            }
        }
    }

    private static string? UsageFaultOrNull(Wanted wanted, string? database, UpstreamRoutes upstreams) =>
        wanted.From.Length > 0 == wanted.Build is not null ? "give --from FILE, or --build ID"
        : wanted.Go is { } go && GoRelease.VersionOrNull(go) is null ? $"--go {go} is no release of Go: write it as go1.22.3"
        : wanted.AsksUpstream && upstreams.Entries.Any(static entry => entry.Kind is GoProxyEntryKind.Direct) ? "--upstream: only a proxy that serves can ask 'direct'; name its address"
        : database is not null && AdvisorySources.FaultOrNull(database) is { } why ? $"--vulndb {why}" : null;

    private static string? TimeFaultOrNull(string? word, CommandContext context, DateTimeOffset now, out DateTimeOffset? time)
    {
        time = null;
        if (word is null)
        {
            if (!context.Variables.TryGetValue(EpochVariable, out var epoch) || epoch.Length == 0)
                return null;
            if (!long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
                return $"{EpochVariable}={ShownText.Of(epoch)} is no number of seconds";
            time = DateTimeOffset.FromUnixTimeSeconds(seconds);
            return null;
        }

        if (word == "now")
            time = now;
        else if (DateTimeOffset.TryParse(word, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            time = moment;
        return time is null ? $"--timestamp {ShownText.Of(word)}: use a moment such as 2026-11-21T05:00:00Z, or now" : null;
    }

    private static async Task<string?> FilesFaultOrNullAsync(string[] files, BillInput input, CommandContext context)
    {
        foreach (var file in files)
        {
            var content = file == "-"
                ? Encoding.UTF8.GetBytes(await context.In.ReadToEndAsync().ConfigureAwait(false))
                : RegularFile.ReadAllBytes(Path.GetFullPath(file, context.WorkingDirectory));
            if (input.AddOrFault(file, content) is { } fault)
                return fault;
        }

        return null;
    }

    private static int AddBuild(string id, AuditOptions options, BillInput input)
    {
        if (!Directory.Exists(options.Directory))
            return 0;
        var seen = new HashSet<ModuleVersion>();
        var filter = new AuditFilter { Client = id, Decision = AuditLine.NameOf(AuditWord.Allow) + "," + AuditLine.NameOf(AuditWord.Warn) };
        foreach (var line in AuditReader.Read(options.Directory, filter, AuditAddresses.Of(options)))
        {
            // A client may be called like somebody's build.
            if (line.Build == id && line.Artifact == "zip" && line is { Module: { } path, Version: { } version } && ModuleVersion.TryParse(path, version, out var module, out _) && seen.Add(module))
                input.AddSeen(module);
        }

        return seen.Count;
    }

    private static async Task<ConcurrentDictionary<string, BillFacts>> FindAsync(BillInput input, BillEvidence evidence, CancellationToken cancel)
    {
        var facts = new ConcurrentDictionary<string, BillFacts>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            input.Modules().Where(static one => one.Module.Directory is null),
            new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancel },
            async (one, stop) =>
            {
                if (ModuleVersion.TryParse(one.Module.Path, one.Module.Version, out var module, out _))
                    facts[one.Module.Name] = await evidence.FindAsync(module, one.Module.H1, stop).ConfigureAwait(false);
            }).ConfigureAwait(false);
        return facts;
    }

    private sealed record Wanted(string[] From, string? Build, string Format, string? Database, string? Go, bool AsksUpstream, string? Timestamp);
}
