using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ProxyCluster.Admin;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Cli.Operators;

/// <summary>
/// <c>module</c>: operators' orders about module versions. <c>withdraw</c> and <c>accept</c> hold until they are taken back, also for
/// members that are away now. <c>forget</c> is done once; its exit status is 0 only if every silo has answered: the others are
/// named, and the order is to be given again when they are back.
/// </summary>
internal static class ModuleVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("module", "Withdraw, accept or forget a module version.");
        command.Subcommands.Add(CreateRule(
            context, "withdraw", "Have nobody get a module version any more, from any silo, shared store or memory; lists do not name it.", isAccept: false));
        command.Subcommands.Add(CreateRule(
            context, "accept", "Believe other content of a private module version than was stored first: its tag was moved on purpose.", isAccept: true));
        command.Subcommands.Add(CreateList(context));
        command.Subcommands.Add(CreateForget(context));
        Examples.Attach(command,
            "proxycluster module withdraw example.com/lib@v1.2.3 --reason 'leaks a password, take v1.2.4' --token-file token",
            "proxycluster module withdraw example.com/lib@v1.2.3 --undo --reason 'it was v1.2.2' --token-file token",
            "proxycluster module accept example.com/lib@v1.2.3 --zip h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4= --reason 'tag was moved' --token-file token",
            "proxycluster module rulings --token-file token",
            "proxycluster module forget example.com/lib@v1.2.3 --reason 'a broken upstream was pinned' --token-file token");
        return command;
    }

    private static Command CreateRule(CommandContext context, string verb, string description, bool isAccept)
    {
        var command = new Command(verb, description);
        var (name, reason, flags) = AddWhatAndWhy(command, "Why; whoever is refused reads it.");
        var zip = new Option<string?>("--zip") { Description = "The hash that its zip has, as the refusal showed it.", HelpName = "H1" };
        var goMod = new Option<string?>("--go-mod") { Description = "The hash that its go.mod has, where that differs too.", HelpName = "H1" };
        var undo = new Option<bool>("--undo") { Description = "Take the order back." };
        if (isAccept)
        {
            command.Options.Add(zip);
            command.Options.Add(goMod);
        }

        command.Options.Add(undo);
        command.SetAction((parsed, cancel) => AskAsync(parsed, flags, context, async connection =>
        {
            var (module, isUndone) = (parsed.GetRequiredValue(name), parsed.GetValue(undo));
            var order = new RulingBody(
                module.Path.Value, module.Version, parsed.GetRequiredValue(reason),
                isAccept ? parsed.GetValue(zip) : null, isAccept ? parsed.GetValue(goMod) : null, isUndone);
            var given = await connection.RuleAsync(verb, order, cancel).ConfigureAwait(false);
            if (!given.TryGet(out var answer, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
            await context.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{module}: {(isUndone ? "taken back" : isAccept ? "accepted" : "withdrawn")}, in force within two seconds wherever the cluster reaches (revision {answer.Revision})")).ConfigureAwait(false);
            return ExitStatus.Ok;
        }));
        return command;
    }

    private static Command CreateList(CommandContext context)
    {
        var command = new Command("rulings", "List what is withdrawn or accepted, as the member that answers obeys it.");
        var flags = AdminConnection.Flags.AddTo(command);
        command.SetAction((parsed, cancel) => AskAsync(parsed, flags, context, async connection =>
        {
            if (!(await connection.RulingsAsync(cancel).ConfigureAwait(false)).TryGet(out var answer, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
            foreach (var one in answer.Rulings)
            {
                await context.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{one.At:yyyy-MM-dd HH:mm:ss}Z {one.Verb} {one.Module}@{one.Version} by {one.By}: {one.Reason}{Hash(" zip", one.ZipH1)}{Hash(" go.mod", one.GoModH1)}")).ConfigureAwait(false);
            }

            return ExitStatus.Ok;
        }));
        return command;

        static string Hash(string what, string? h1) => h1 is null ? "" : $"{what} {h1}";
    }

    private static Command CreateForget(CommandContext context)
    {
        var command = new Command("forget", "Delete a module version's record and artifacts on every silo and in every shared store; it is fetched and proven anew.");
        var (name, reason, flags) = AddWhatAndWhy(command, "Why; it is kept in the log.");
        command.SetAction((parsed, cancel) => AskAsync(parsed, flags, context, async connection =>
        {
            var module = parsed.GetRequiredValue(name);
            var order = new ForgetBody(module.Path.Value, module.Version, parsed.GetRequiredValue(reason));
            var given = await connection.ForgetAsync(order, cancel).ConfigureAwait(false);
            if (!given.TryGet(out var answer, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
            foreach (var one in answer.Members)
                await context.Out.WriteLineAsync($"{one.Region} {one.Member}: {one.Result}{(one.Detail is null ? "" : $" ({one.Detail})")}").ConfigureAwait(false);
            if (answer.Complete)
                return ExitStatus.Ok;
            await context.Error.WriteLineAsync($"proxycluster: {answer.Module} is not forgotten everywhere; give the order again when all are back").ConfigureAwait(false);
            return ExitStatus.Failed;
        }));
        return command;
    }

    private static (Argument<ModuleVersion> Name, Option<string> Reason, AdminConnection.Flags Flags) AddWhatAndWhy(Command command, string why)
    {
        var name = new Argument<ModuleVersion>("PATH@VERSION")
        {
            Description = "The module version, e.g. example.com/lib@v1.2.3.",
            CustomParser = static result =>
            {
                if (!TryParse(result.Tokens[0].Value, out var module, out var error))
                    result.AddError(error);
                return module;
            },
        };
        var reason = new Option<string>("--reason") { Description = why, HelpName = "TEXT", Required = true };
        var flags = AdminConnection.Flags.AddTo(command);
        command.Arguments.Add(name);
        command.Options.Add(reason);
        return (name, reason, flags);
    }

    private static async Task<int> AskAsync(
        ParseResult parsed, AdminConnection.Flags flags, CommandContext context, Func<AdminConnection, Task<int>> ask)
    {
        if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
            return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
        using (connection)
            return await ask(connection).ConfigureAwait(false);
    }

    private static bool TryParse(string text, out ModuleVersion module, [NotNullWhen(false)] out string? error)
    {
        if (text.Split('@') is [var path, var version])
            return ModuleVersion.TryParse(path, version, out module, out error);
        (module, error) = (default, $"{text}: write it as PATH@VERSION");
        return false;
    }
}
