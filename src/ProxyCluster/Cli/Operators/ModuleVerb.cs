using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using ProxyCluster.Admin;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Cli.Operators;

/// <summary>
/// <c>module</c>: has the cluster forget a module version that was pinned wrongly. Exit status 0 only if every silo has
/// answered; the others are named, and the order is to be given again when they are back.
/// </summary>
internal static class ModuleVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("module", "Have the cluster forget a module version.");
        command.Subcommands.Add(CreateForget(context));
        Examples.Attach(command,
            "proxycluster module forget example.com/lib@v1.2.3 --reason 'tag was moved by mistake' --token-file token");
        return command;
    }

    private static Command CreateForget(CommandContext context)
    {
        var command = new Command("forget", "Delete a module version's record and artifacts on every silo and in every shared store; it is fetched and proven anew.");
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
        var reason = new Option<string>("--reason") { Description = "Why; it is kept in the log.", HelpName = "TEXT", Required = true };
        var flags = AdminConnection.Flags.AddTo(command);
        command.Arguments.Add(name);
        command.Options.Add(reason);
        command.SetAction(async (parsed, cancel) =>
        {
            if (!AdminConnection.Open(parsed, flags, context).TryGet(out var connection, out var failure))
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Usage).ConfigureAwait(false);
            using (connection)
            {
                var module = parsed.GetRequiredValue(name);
                var order = new ForgetBody(module.Path.Value, module.Version, parsed.GetRequiredValue(reason));
                var given = await connection.ForgetAsync(order, cancel).ConfigureAwait(false);
                if (!given.TryGet(out var answer, out failure))
                    return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
                foreach (var one in answer.Members)
                    await context.Out.WriteLineAsync($"{one.Region} {one.Member}: {one.Result}{(one.Detail is null ? "" : $" ({one.Detail})")}").ConfigureAwait(false);
                if (answer.Complete)
                    return ExitStatus.Ok;
                await context.Error.WriteLineAsync($"proxycluster: {answer.Module} is not forgotten everywhere; give the order again when all are back").ConfigureAwait(false);
                return ExitStatus.Failed;
            }
        });
        return command;
    }

    private static bool TryParse(string text, out ModuleVersion module, [NotNullWhen(false)] out string? error)
    {
        if (text.Split('@') is [var path, var version])
            return ModuleVersion.TryParse(path, version, out module, out error);
        (module, error) = (default, $"{text}: write it as PATH@VERSION");
        return false;
    }
}
