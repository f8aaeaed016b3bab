using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Options;
using ProxyCluster.Audit;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Configuration;
using ProxyCluster.Files;
using ProxyCluster.Hosting;
using ProxyCluster.Seals;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli.Auditing;

/// <summary><c>audit</c>: who got what, and whether the log that says so is whole.</summary>
internal static class AuditVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("audit", "Ask the audit log who got what, or prove that it is whole.");
        command.Subcommands.Add(AuditQueryVerb.Create(context));
        command.Subcommands.Add(CreateVerify(context));
        return command;
    }

    private static Command CreateVerify(CommandContext context)
    {
        var command = new Command("verify", "Prove the audit log of a data directory: no line changed, none missing, nothing cut off that was sealed.");
        var flags = SettingFlags.ForStore(command);
        var others = new Option<string[]>("--seals")
        {
            Description = "Hold it against these seals too: the file agreed/seals of another member's data directory; may be given several times.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        command.Options.Add(others);
        Examples.Attach(command,
            "proxycluster audit verify --data /var/lib/proxycluster",
            "proxycluster audit verify --data /var/lib/proxycluster --seals /mnt/paris-1/agreed/seals",
            "",
            "Seals of another member are what somebody who owns this machine cannot have changed.",
            "",
            "Exit status: 0 it is whole, 1 it is not (or could not be read), 2 wrong usage.");
        command.SetAction((parsed, _) => VerifyAsync(flags.Read(parsed, context), parsed.GetValue(others)!, context));
        return command;
    }

    private static async Task<int> VerifyAsync(SettingsInput input, string[] others, CommandContext context)
    {
        var services = ProxyHost.BuildServices(input);
        await using (services.ConfigureAwait(false))
        {
            // 1. Where it is, and who knows of it.
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            var directory = services.GetRequiredService<IOptions<AuditOptions>>().Value.Directory;
            try
            {
                if (SealsOrNull(services.GetRequiredService<AgreedFile>().Read(SealBook.Name).Content, "the cluster") is not { } known)
                {
                    await context.Error.WriteLineAsync("proxycluster: the seals in the data directory cannot be read: move agreed/seals away, and give another member's by --seals").ConfigureAwait(false);
                    return ExitStatus.Failed;
                }

                foreach (var file in others)
                {
                    if (AgreedFile.ParseOrNull(RegularFile.ReadAllBytes(Path.Combine(context.WorkingDirectory, file))) is not { } document
                        || SealsOrNull(document.Content, file) is not { } more)
                        return await WrongSettings.ReportAsync([$"--seals {file}: it is no file of seals"], context).ConfigureAwait(false);
                    known.AddRange(more);
                }

                // 2. The proof.
                var verified = AuditVerification.Run(directory, known);
                foreach (var problem in verified.Problems)
                    await context.Out.WriteLineAsync(ShownText.Of(problem)).ConfigureAwait(false);
                await context.Out.WriteLineAsync(Summary(verified)).ConfigureAwait(false);
                return verified.Problems.Count == 0 ? ExitStatus.Ok : ExitStatus.Failed;
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                await context.Error.WriteLineAsync("proxycluster: " + ShownText.Of(e.Message)).ConfigureAwait(false);
                return ExitStatus.Failed;
            }
        }
    }

    private static List<KnownHead>? SealsOrNull(byte[] content, string from) =>
        SealSet.TryParse(content, out var set, out _) ? [.. set.Known(from)] : null;

    private static string Summary(AuditVerified verified)
    {
        if (verified.Log is null)
            return "there is no audit log here";
        var open = verified.Unfinished > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {verified.Unfinished} bytes behind it are no whole line yet") : "";
        var isSealed = verified.Sealed > 0 ? string.Create(CultureInfo.InvariantCulture, $"sealed up to {verified.Sealed}") : "never sealed";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"log {verified.Log}, lines {verified.First} to {verified.Last.Sequence} in {verified.Files} files, {isSealed}{open}: {verified.Problems.Count switch { 0 => "whole", 1 => "1 problem", var count => $"{count} problems" }}");
    }
}
