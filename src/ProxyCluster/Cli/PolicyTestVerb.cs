using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Advisories;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli;

/// <summary><c>policy test</c>: a policy's mistakes, and whether it decides as its author expects. Nobody is asked.</summary>
internal static class PolicyTestVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("test", "Check the policies of files, and what the last of them decides.");
        var files = new Argument<string[]>("FILE") { Description = "Policies.", Arity = ArgumentArity.OneOrMore };
        var cases = new Option<string?>("--cases") { Description = "File of questions with the answers that are expected.", HelpName = "FILE" };
        var ask = new Option<string[]>("--case") { Description = "Say what becomes of MODULE@VERSION, MODULE@latest, MODULE@BRANCH, or MODULE for its list; may be given again.", HelpName = "WHAT" };
        var region = new Option<string>("--region") { Description = "Region of the member that is asked.", HelpName = "NAME", DefaultValueFactory = static _ => "" };
        var database = new Option<string?>("--vulndb")
        {
            Description = "Judge by these advisories: https://vuln.go.dev, or a directory or zip with its layout or of OSV records. Default: by none.",
            HelpName = "DIR|ZIP|URL",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        command.Arguments.Add(files);
        foreach (var option in new Option[] { cases, ask, region, database })
            command.Options.Add(option);
        var client = PolicyClientFlags.AddTo(command);
        command.Options.Add(json);
        Examples.Attach(command,
            "proxycluster policy test policy.yaml",
            "proxycluster policy test policy.yaml --case example.com/lib@v1.2.3 --case example.com/lib@master --subject ci",
            "proxycluster policy test policy.yaml --cases cases.yaml --json",
            "",
            "Of a version nothing is known but what a case says: seen, size, origin.",
            "Exit status: 0 all is as expected, 1 there are mistakes or it is not, 2 wrong usage.");
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetRequiredValue(files), parsed.GetValue(cases), (parsed.GetValue(ask) ?? []).Select(one => client.Read(parsed, one)), parsed.GetRequiredValue(region), parsed.GetValue(database), parsed.GetValue(json), context, cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        string[] files, string? caseFile, IEnumerable<Admin.ExplainBody> asked, string region, string? database, bool json, CommandContext context, CancellationToken cancel)
    {
        var report = new Report();
        var cases = new List<PolicyCase>();
        foreach (var body in asked)
        {
            if (!body.Read().TryGet(out var read, out var failure))
                return await WrongSettings.ReportAsync([$"--case {body.Asked}: {failure.Message}"], context).ConfigureAwait(false);
            cases.Add(new PolicyCase(0, read.Question, region, null, null, null, null));
        }

        // 1. What is wrong with the texts.
        PolicyDocument? policy = null;
        foreach (var file in files)
        {
            if (!PolicyFiles.Read(file, context).TryGet(out var text, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            policy = PolicyReader.ReadOrNull(text, out var mistakes);
            report.Files.Add(new FileReport(file, policy?.Rules.Length ?? 0, [.. mistakes]));
        }

        if (caseFile is not null)
        {
            if (!PolicyFiles.Read(caseFile, context).TryGet(out var text, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            if (PolicyCase.ReadOrNull(text, out var mistakes) is { } read)
                cases.AddRange(read);
            else
                report.Files.Add(new FileReport(caseFile, 0, [.. mistakes]));
        }

        // 2. What becomes of the cases.
        if (!(await AdvisoriesAsync(database, cases, context, cancel).ConfigureAwait(false)).TryGet(out var advisories, out var trouble))
            return await OperatorAnswers.FailAsync(context, trouble, trouble.Kind == FailureKind.BadRequest ? ExitStatus.Usage : ExitStatus.Failed).ConfigureAwait(false);
        var now = TimeProvider.System.GetUtcNow();
        if (policy is not null && report.Files.TrueForAll(static file => file.Mistakes.Count == 0))
        {
            var set = PolicySet.Of(0, policy);
            report.Cases.AddRange(cases.Select(one => CaseReport.Of(caseFile, one, one.Ask(set, now, advisories))));
        }

        if (json)
            await context.Out.WriteLineAsync(JsonSerializer.Serialize(report, PolicyTestJson.Plain.Report)).ConfigureAwait(false);
        else
            await PrintAsync(report, context).ConfigureAwait(false);
        return report.IsWell ? ExitStatus.Ok : ExitStatus.Failed;
    }

    private static async Task<Outcome<PolicyAdvisories>> AdvisoriesAsync(string? database, List<PolicyCase> cases, CommandContext context, CancellationToken cancel)
    {
        if (database is null)
            return PolicyAdvisories.None;
        if (AdvisorySources.FaultOrNull(database) is { } fault)
            return new Failure(FailureKind.BadRequest, $"--vulndb {fault}");
        var services = ProxyHost.BuildServices(SettingsInput.Of([]));
        await using (services.ConfigureAwait(false))
        {
            try
            {
                var modules = cases.Select(static one => one.Question.Module.Value).ToHashSet(StringComparer.Ordinal);
                return new PolicyAdvisories((await AdvisoryReading.ReadAsync(database, modules, services, new AdvisoryOptions(), context, cancel).ConfigureAwait(false)).Set, default);
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                return new Failure(FailureKind.StoreUnavailable, $"--vulndb {ShownText.Of(e.Message)}");
            }
        }
    }

    private static async Task PrintAsync(Report report, CommandContext context)
    {
        foreach (var file in report.Files)
        {
            foreach (var mistake in file.Mistakes)
                await context.Error.WriteLineAsync($"{file.File}:{mistake}").ConfigureAwait(false);
            if (file.Mistakes.Count == 0)
                await context.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{file.File}: {file.Rules} rules, no mistake")).ConfigureAwait(false);
        }

        foreach (var one in report.Cases)
        {
            if (one.Fault is { } fault)
                await context.Error.WriteLineAsync($"{one.Where}: {fault}").ConfigureAwait(false);
            if (one.IsExpectation)
                continue;
            var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{one.Asked} is {(one.IsAllowed ? "allowed" : "blocked")}{(one.Rule is null ? "" : $" by rule {one.Rule}")}\n");
            if (one.Reason.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $"  why      {one.Reason}\n");
            if (one.Instead is not null)
                text.Append(CultureInfo.InvariantCulture, $"  instead  {one.Instead}\n");
            PolicyWords.Rules(text, one.Rules);
            await context.Out.WriteAsync(text).ConfigureAwait(false);
        }

        var expectations = report.Cases.Where(static one => one.IsExpectation).ToList();
        if (expectations.Count > 0)
            await context.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{expectations.Count(static one => one.Fault is null)} of {expectations.Count} cases are as expected")).ConfigureAwait(false);
    }

    /// <summary>What was found.</summary>
    internal sealed record Report
    {
        public List<FileReport> Files { get; } = [];

        public List<CaseReport> Cases { get; } = [];

        public bool IsWell => Files.TrueForAll(static file => file.Mistakes.Count == 0) && Cases.TrueForAll(static one => one.Fault is null);
    }

    /// <summary>Of one file.</summary>
    internal sealed record FileReport(string File, int Rules, IReadOnlyList<PolicyMistake> Mistakes);

    /// <summary>Of one case.</summary>
    internal sealed record CaseReport(
        string Where, string Asked, bool IsExpectation, string? Fault, bool IsAllowed, string? Rule, string Reason, string? Instead, IReadOnlyList<string> Warnings, IReadOnlyList<PolicyStep> Rules)
    {
        public static CaseReport Of(string? file, PolicyCase one, PolicyExplanation told) => new(
            string.Create(CultureInfo.InvariantCulture, $"{file}:{one.Line}"), one.Question.ToString(), one.Line > 0, one.FaultOrNull(told.Decision), told.Decision.Verdict != PolicyVerdict.Block,
            told.Decision.Rule, told.Decision.Reason, told.Decision.Instead, [.. told.Decision.Warnings.Select(static warning => $"{warning.Rule}: {warning.Text}")], told.Steps);
    }
}

/// <summary>How it is printed.</summary>
[JsonSerializable(typeof(PolicyTestVerb.Report))]
internal sealed partial class PolicyTestJson : JsonSerializerContext
{
    /// <summary>For a terminal.</summary>
    public static PolicyTestJson Plain { get; } = new(new(PolicyWords.Plain.Options));
}
