using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Drills;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;
using ProxyCluster.Outcomes;
using Spectre.Console;

namespace ProxyCluster.Cli;

/// <summary><c>drill</c>: rehearses trouble, on a cluster of its own or on a running one, and says what it cost.</summary>
internal static class DrillVerb
{
    private const string DefaultRegion = "frankfurt";

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("drill", "Rehearse trouble: a real cluster, steady load, a fault, and what it cost.");
        var scenario = new Argument<DrillScenario>("SCENARIO")
        {
            Description = string.Join('\n', DrillScenarios.All.Select(static s => $"{s.Name}: {s.Summary}")),
            CustomParser = static result =>
            {
                var name = result.Tokens[0].Value;
                if (DrillScenarios.FindOrNull(name) is { } found)
                    return found;
                result.AddError($"there is no scenario {name}: {string.Join(", ", DrillScenarios.All.Select(static s => s.Name))}");
                return null!;
            },
        };
        var rate = new Option<double>("--rate") { Description = "Requests per second.", HelpName = "N", DefaultValueFactory = static _ => 200 };
        rate.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 100_000))
                result.AddError("--rate must be above 0 and at most 100000");
        });
        var duration = DurationOption.Create("--duration", "Time under load; a fifth of it before the fault, two fifths in it.", TimeSpan.FromSeconds(30));
        var region = new Option<string?>("--region") { Description = "The region that gets the trouble. Default frankfurt, on a cluster of the drill's own.", HelpName = "NAME" };
        var json = new Option<string?>("--json") { Description = "Write the report to this file as JSON.", HelpName = "FILE" };
        var html = new Option<string?>("--html") { Description = "Write the report to this file as one page.", HelpName = "FILE" };
        var maxFailed = new Option<int>("--max-failed") { Description = "Failed requests that are still a pass. Default 0.", HelpName = "N" };
        var maxDetect = DurationOption.Create("--max-detect", "Longest time until the fault is noticed.", TimeSpan.FromSeconds(5));
        var maxReroute = DurationOption.Create("--max-reroute", "Longest time from then until everybody acts on it.", TimeSpan.FromSeconds(1));
        var maxRecover = DurationOption.Create("--max-recover", "Longest time from the fault's end until everything is as before.", TimeSpan.FromSeconds(60));
        var maxP99 = DurationOption.CreateOptional("--max-p99", "Slowest 99th percentile during the fault. Default: any.");
        var corpus = new Option<string?>("--corpus") { Description = "Real module versions to use, in a directory laid out like a Go module cache's cache/download.", HelpName = "DIR" };
        var go = new Option<string?>("--go") { Description = "Also run 'go mod download' in a loop, with this go command.", HelpName = "PROGRAM" };
        var directory = new Option<string?>("--dir") { Description = "Keep the cluster's data and logs here. Default: a temporary directory, kept when the drill fails.", HelpName = "DIR" };
        var store = StoreOption.Create();
        var silos = SilosOption.Create();
        var seed = new Option<int>("--seed") { Description = "Seed of the load.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        foreach (var option in (Option[])[rate, duration, region, json, html, maxFailed, maxDetect, maxReroute, maxRecover, maxP99, corpus, go, directory, store, silos, seed])
            command.Options.Add(option);
        var running = RunningFlags.AddTo(command);
        command.Arguments.Add(scenario);
        Examples.Attach(command,
            "proxycluster drill region-kill",
            "proxycluster drill region-kill --rate 300 --duration 2m --html report.html --go go",
            "proxycluster drill drain --region tokyo --json report.json --max-failed 0 --max-detect 5s",
            "",
            "proxycluster drill drain --region tokyo --front-end tokyo=https://tokyo.example --front-end paris=https://paris.example \\",
            "    --modules go.sum --token-file token",
            "",
            "Starts a cluster of three regions with its store on this machine, unless --front-end names one that runs already. Exit",
            "status 0 only if every threshold holds.");
        command.SetAction((parsed, cancellation) =>
        {
            var fault = parsed.GetRequiredValue(scenario);
            if ((running.Read(parsed, fault, parsed.GetValue(region), context.WorkingDirectory, out var cluster)
                ?? WrongBeside(cluster, parsed, parsed.GetValue(region), [corpus, go, directory, store, silos])) is { } wrong)
                return OperatorAnswers.FailAsync(context, new Failure(FailureKind.BadRequest, wrong), ExitStatus.Usage);
            foreach (var (flag, file) in (ReadOnlySpan<(string, string?)>)[(json.Name, parsed.GetValue(json)), (html.Name, parsed.GetValue(html))])
            {
                if (file is not null && UnwritableOrNull(Path.Combine(context.WorkingDirectory, file)) is { } why)
                    return OperatorAnswers.FailAsync(context, new Failure(FailureKind.BadRequest, $"{flag} {file} cannot be written: {why}"), ExitStatus.Usage);
            }

            var kept = parsed.GetValue(directory);
            var settings = new DrillSettings(
                fault,
                kept ?? Path.Combine(Path.GetTempPath(), $"proxycluster-drill-{Environment.ProcessId}"))
            {
                Rate = parsed.GetValue(rate),
                Duration = parsed.GetValue(duration),
                RecoverLimit = parsed.GetValue(maxRecover) * 1.5,
                Region = parsed.GetValue(region) ?? DefaultRegion,
                Running = cluster,
                Corpus = parsed.GetValue(corpus),
                Go = parsed.GetValue(go),
                Seed = parsed.GetValue(seed),
                Store = parsed.GetValue(store),
                SilosPerRegion = parsed.GetValue(silos),
                Thresholds = new DrillThresholds
                {
                    MaxFailed = parsed.GetValue(maxFailed),
                    MaxDetect = parsed.GetValue(maxDetect),
                    MaxReroute = parsed.GetValue(maxReroute),
                    MaxRecover = parsed.GetValue(maxRecover),
                    MaxP99 = parsed.GetValue(maxP99),
                },
            };
            return RunAsync(settings, parsed.GetValue(json), parsed.GetValue(html), isKept: kept is not null, context, cancellation);
        });
        return command;
    }

    // What does not go together with the kind of cluster that was chosen.
    private static string? WrongBeside(RunningCluster? running, ParseResult parsed, string? region, Option[] ofOwn)
    {
        if (running is null)
        {
            return region is null || Distance.Regions.Contains(region)
                ? null
                : $"--region {region}: a cluster of the drill's own has {string.Join(", ", Distance.Regions)}";
        }

        return ofOwn.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } stray
            ? $"{stray.Name} is for a cluster that the drill starts; --front-end names one that runs already"
            : null;
    }

    // Before the drill: what it found is lost otherwise. An earlier report stays until there is a new one.
    private static string? UnwritableOrNull(string path)
    {
        if (Directory.Exists(path))
            return "it is a directory";
        try
        {
            var wasThere = File.Exists(path);
            using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write))
            {
                // To be opened is all that is asked of it.
            }

            if (!wasThere)
                File.Delete(path);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static async Task<int> RunAsync(
        DrillSettings settings, string? json, string? html, bool isKept, CommandContext context, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        var printing = new Lock();
        DrillReport report;
        try
        {
            report = await new Drill(settings, clock, Progress).RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DrillException or ProcessClusterException)
        {
            await context.Error.WriteLineAsync($"proxycluster: {e.Message}").ConfigureAwait(false);
            if (settings.Running is null)
                await context.Error.WriteLineAsync($"Logs are in {settings.Directory}.").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await context.Error.WriteLineAsync("proxycluster: interrupted; everything that was started is stopped, and the trouble ended").ConfigureAwait(false);
            return ExitStatus.Failed;
        }

        var console = OperatorAnswers.Console(context);
        console.Write(ReportText.Render(report));
        if (json is not null)
            await File.WriteAllBytesAsync(Path.Combine(context.WorkingDirectory, json), report.ToJson(), CancellationToken.None).ConfigureAwait(false);
        if (html is not null)
            await File.WriteAllTextAsync(Path.Combine(context.WorkingDirectory, html), ReportPage.Render(report), CancellationToken.None).ConfigureAwait(false);
        if (settings.Running is not null)
            return report.Passed ? ExitStatus.Ok : ExitStatus.Failed;
        if (!report.Passed)
            await context.Error.WriteLineAsync($"Logs are in {settings.Directory}.").ConfigureAwait(false);
        else if (!isKept)
            Directory.Delete(settings.Directory, recursive: true);
        return report.Passed ? ExitStatus.Ok : ExitStatus.Failed;

        void Progress(string line)
        {
            lock (printing)
                context.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(began).TotalSeconds,6:0.0} s  {line}"));
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }
}
