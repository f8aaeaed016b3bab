using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ProxyCluster.Admin;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;

namespace ProxyCluster.Cli.Operators;

/// <summary>
/// <c>policy</c>: the cluster's policy, seen and changed by operators, and explained. <c>test</c> alone needs no cluster.
/// </summary>
internal static class PolicyVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("policy", "Test, push, explain and roll back the cluster's policy.");
        command.Subcommands.Add(PolicyTestVerb.Create(context));
        command.Subcommands.Add(CreatePush(context, "push", "Put the policy of a file in force in the whole cluster."));
        command.Subcommands.Add(CreatePush(
            context, "rollout", "Put the policy of a file in force for 5 %, 25 % and then all of the clients; it goes back by itself when more requests are refused or fail."));
        command.Subcommands.Add(CreateTry(context));
        command.Subcommands.Add(CreateShow(context));
        command.Subcommands.Add(CreateHistory(context));
        command.Subcommands.Add(CreateExplain(context));
        command.Subcommands.Add(PolicyDiffVerb.Create(context));
        command.Subcommands.Add(CreateRollback(context));
        Examples.Attach(command,
            "proxycluster policy test policy.yaml --cases cases.yaml",
            "proxycluster policy try policy.yaml --token-file token",
            "proxycluster policy push policy.yaml --reason 'incident 12' --token-file token",
            "proxycluster policy rollout policy.yaml --reason 'no branches any more' --token-file token",
            "proxycluster policy explain example.com/lib@v1.2.3 --subject ci --group release --token-file token",
            "proxycluster policy diff 3 4 --token-file token",
            "proxycluster policy rollback 3 --reason 'too much was blocked' --token-file token");
        return command;
    }

    private static Command CreatePush(CommandContext context, string verb, string description)
    {
        var command = new Command(verb, description);
        var file = new Argument<string>("FILE") { Description = "The policy." };
        command.Arguments.Add(file);
        var reason = AddReason(command);
        AddOrder(command, context, verb == "rollout" ? ", for 5 % of the clients" : "", async (parsed, connection, cancel) =>
            !ReadPolicy(parsed.GetRequiredValue(file), context).TryGet(out var text, out var failure) ? failure
                : await connection.PushPolicyAsync(verb, new PolicyBody(parsed.GetRequiredValue(reason), text), cancel).ConfigureAwait(false));
        return command;
    }

    private static Command CreateTry(CommandContext context)
    {
        var command = new Command("try", "Say what would have become of the last day's requests under the policy of a file, at each member that --url names.");
        var file = new Argument<string>("FILE") { Description = "The policy." };
        command.Arguments.Add(file);
        AddAsked(
            command,
            context,
            async (parsed, connection, cancel) => !ReadPolicy(parsed.GetRequiredValue(file), context).TryGet(out var text, out var failure) ? failure
                : await connection.TryPolicyAsync(text, cancel).ConfigureAwait(false),
            PolicyWords.Try,
            PolicyWords.Plain.PolicyTrialArray,
            static trials => trials.Any(static trial => trial.Changes.Any(static change => change.IsBlocked)) ? ExitStatus.Failed : ExitStatus.Ok);
        Examples.Attach(command,
            "proxycluster policy try policy.yaml --url http://10.0.0.5:8080,http://10.1.0.5:8080 --token-file token",
            "",
            "Exit status: 0 nothing that was given would be refused, 1 something would, or it could not be tried, 2 wrong usage.");
        return command;
    }

    private static Outcome<string> ReadPolicy(string path, CommandContext context) =>
        !PolicyFiles.Read(path, context).TryGet(out var text, out var failure) ? failure
            : PolicyReader.ReadOrNull(text, out var mistakes) is null ? new Failure(FailureKind.BadRequest, PolicyFiles.Sentence(path, mistakes))
            : text;

    private static Command CreateRollback(CommandContext context)
    {
        var command = new Command("rollback", "Put an older policy in force again, under a new number.");
        var number = new Argument<long>("N") { Description = "Number of the policy to go back to: see history." };
        command.Arguments.Add(number);
        var reason = AddReason(command);
        AddOrder(command, context, "", (parsed, connection, cancel) =>
            connection.PushPolicyAsync("rollback", new PolicyBody(parsed.GetRequiredValue(reason), Number: parsed.GetRequiredValue(number)), cancel));
        return command;
    }

    private static Option<string> AddReason(Command command)
    {
        var reason = new Option<string>("--reason") { Description = "Why; it is kept in the history.", HelpName = "TEXT", Required = true };
        command.Options.Add(reason);
        return reason;
    }

    private static void AddOrder(Command command, CommandContext context, string forWhom, Func<ParseResult, AdminConnection, CancellationToken, Task<Outcome<PolicyLine>>> give) =>
        AddAsked(command, context, give, line => string.Create(
            CultureInfo.InvariantCulture, $"policy {line.Number}: in force within two seconds wherever the cluster reaches{forWhom}\n"), PolicyWords.Plain.PolicyLine);

    private static Command CreateShow(CommandContext context)
    {
        var command = new Command("show", "Print the policy in force on the member that answers, or an older one.");
        var number = new Argument<long?>("N") { Description = "Number of an older one. Default: the one in force.", Arity = ArgumentArity.ZeroOrOne };
        command.Arguments.Add(number);
        AddAsked(command, context, (parsed, connection, cancel) => connection.PolicyAsync(parsed.GetValue(number), cancel), PolicyWords.Show, PolicyWords.Plain.PolicyText);
        return command;
    }

    private static Command CreateHistory(CommandContext context)
    {
        var command = new Command("history", "List the policies that are kept, newest first, with who pushed each, when and why.");
        AddAsked(command, context, static (_, connection, cancel) => connection.PolicyHistoryAsync(cancel), PolicyWords.List, PolicyWords.Plain.PolicyHistory);
        return command;
    }

    private static Command CreateExplain(CommandContext context)
    {
        var command = new Command("explain", "Say what would become of a question at the member that answers, by which rule, and what each rule had to do with it.");
        var asked = new Argument<string>("WHAT") { Description = "MODULE@VERSION, MODULE@latest, MODULE@BRANCH, or MODULE for its list." };
        command.Arguments.Add(asked);
        var client = PolicyClientFlags.AddTo(command);
        AddAsked(command, context, (parsed, connection, cancel) => connection.ExplainAsync(client.Read(parsed, parsed.GetRequiredValue(asked)), cancel), PolicyWords.Explain, PolicyWords.Plain.PolicyExplained);
        return command;
    }

    private static void AddAsked<T>(
        Command command,
        CommandContext context,
        Func<ParseResult, AdminConnection, CancellationToken, Task<Outcome<T>>> ask,
        Func<T, string> say,
        JsonTypeInfo<T> type,
        Func<T, int>? status = null)
        where T : class
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        command.Options.Add(json);
        var flags = AdminConnection.Flags.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            using (connection)
            {
                if (!(await ask(parsed, connection, cancel).ConfigureAwait(false)).TryGet(out var answer, out var trouble))
                    return await OperatorAnswers.FailAsync(context, trouble, ExitStatus.Failed).ConfigureAwait(false);
                await context.Out.WriteAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(answer, type) + "\n" : say(answer)).ConfigureAwait(false);
                return status?.Invoke(answer) ?? ExitStatus.Ok;
            }
        });
    }
}
