using System.CommandLine;
using System.Globalization;
using System.Text;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Cli.Operators;

/// <summary><c>policy diff</c>: what two policies, of the cluster or of files, say differently.</summary>
internal static class PolicyDiffVerb
{
    // Lines around a change.
    private const int Around = 3;

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("diff", "Show the lines in which two policies differ.");
        var before = new Argument<string>("A") { Description = "Number of a policy, or a file." };
        var after = new Argument<string>("B") { Description = "The same." };
        command.Arguments.Add(before);
        command.Arguments.Add(after);
        var flags = AdminConnection.Flags.AddTo(command, isRequired: false);
        Examples.Attach(command,
            "proxycluster policy diff 3 4 --token-file token",
            "proxycluster policy diff 4 policy.yaml --token-file token",
            "",
            "Exit status: 0 they are the same, 1 they differ or cannot be had, 2 wrong usage.");
        command.SetAction((parsed, cancel) => RunAsync(parsed, parsed.GetRequiredValue(before), parsed.GetRequiredValue(after), flags, context, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, string before, string after, AdminConnection.Flags flags, CommandContext context, CancellationToken cancel)
    {
        AdminConnection? connection = null;
        try
        {
            // 1. Files need no cluster.
            if (NumberOrNull(before) is not null || NumberOrNull(after) is not null)
            {
                if (parsed.GetValue(flags.TokenFile) is null)
                    return await OperatorAnswers.FailAsync(context, new Failure(FailureKind.BadRequest, "--token-file is needed to ask for a policy by its number"), ExitStatus.Usage).ConfigureAwait(false);
                if (!AdminConnection.Open(parsed, flags, context).TryGet(out connection, out var wrong))
                    return await OperatorAnswers.FailAsync(context, wrong, ExitStatus.Usage).ConfigureAwait(false);
            }

            // 2. Both texts.
            if (!(await TextAsync(before, connection, context, cancel).ConfigureAwait(false)).TryGet(out var old, out var failure)
                || !(await TextAsync(after, connection, context, cancel).ConfigureAwait(false)).TryGet(out var young, out failure))
            {
                return await OperatorAnswers.FailAsync(context, failure, ExitStatus.Failed).ConfigureAwait(false);
            }

            // 3. What differs.
            var lines = Changed(old, young);
            await context.Out.WriteAsync(lines).ConfigureAwait(false);
            return lines.Length == 0 ? ExitStatus.Ok : ExitStatus.Failed;
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private static async Task<Outcome<string>> TextAsync(string name, AdminConnection? connection, CommandContext context, CancellationToken cancel)
    {
        if (NumberOrNull(name) is not { } number)
            return PolicyFiles.Read(name, context);
        return (await connection!.PolicyAsync(number, cancel).ConfigureAwait(false)).TryGet(out var policy, out var failure) ? policy.Text : failure;
    }

    private static long? NumberOrNull(string name) => long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Changed(string before, string after)
    {
        var lines = InlineDiffBuilder.Diff(before, after, ignoreWhiteSpace: false).Lines;
        var shown = new StringBuilder();
        var last = -1;
        for (var i = 0; i < lines.Count; i++)
        {
            var isNear = lines.Skip(Math.Max(0, i - Around)).Take(i - Math.Max(0, i - Around) + Around + 1).Any(static line => line.Type != ChangeType.Unchanged);
            if (!isNear)
                continue;
            if (last >= 0 && i > last + 1)
                shown.Append("…\n");
            shown.Append(lines[i].Type switch { ChangeType.Inserted => '+', ChangeType.Deleted => '-', _ => ' ' }).Append(ShownText.Of(lines[i].Text)).Append('\n');
            last = i;
        }

        return shown.ToString();
    }
}
