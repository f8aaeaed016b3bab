using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli;

/// <summary><c>verify</c>: checks every stored byte against its record and sets aside what fails.</summary>
internal static class VerifyVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context, Action<IServiceCollection>? more = null)
    {
        var command = new Command("verify", "Check every stored byte against its record and set aside what fails.");
        var flags = SettingFlags.ForStore(command);
        var json = new Option<bool>("--json") { Description = "Print the summary as one JSON object." };
        command.Options.Add(json);
        Examples.Attach(command,
            "proxycluster verify --data /var/lib/proxycluster",
            "",
            "What fails is moved to quarantine/ and fetched again when it is asked for. While a silo uses the directory,",
            "problems are only reported; the silo itself checks what it serves.",
            "",
            "Exit status: 0 every byte is right, 1 something was not (or could not be read), 2 wrong usage.");
        command.SetAction((parsed, cancellation) =>
            RunAsync(flags.Read(parsed, context), parsed.GetValue(json), context, more, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        SettingsInput input, bool json, CommandContext context, Action<IServiceCollection>? more, CancellationToken cancellation)
    {
        var services = ProxyHost.BuildServices(input, more);
        await using (services.ConfigureAwait(false))
        {
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            var time = services.GetRequiredService<TimeProvider>();
            var began = time.GetTimestamp();
            try
            {
                var progress = new VerifyProgress(context.Error, time, isTerminal: !Console.IsErrorRedirected && context.Error == Console.Error);
                var result = await services.GetRequiredService<StoreCheck>()(progress, cancellation).ConfigureAwait(false);
                progress.Finish();
                var seconds = time.GetElapsedTime(began).TotalSeconds;
                await context.Out.WriteLineAsync(json ? Json(result, seconds) : Text(result, seconds)).ConfigureAwait(false);
                return result.Problems.Count == 0 ? ExitStatus.Ok : ExitStatus.Failed;
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                await context.Error.WriteLineAsync("proxycluster: " + e.Message).ConfigureAwait(false);
                return ExitStatus.Failed;
            }
        }
    }

    private static string Text(StoreCheckResult result, double seconds)
    {
        var text = new StringBuilder();
        foreach (var problem in result.Problems)
            text.Append(CultureInfo.InvariantCulture, $"{problem.Artifact}: {problem.Problem}\n");
        text.Append(CultureInfo.InvariantCulture,
            $"{result.ModuleVersions} module versions, {result.Artifacts} artifacts, {VerifyProgress.Size(result.Bytes)} in {seconds:0.0} s: ");
        return text.Append(result.Problems.Count switch
        {
            0 => "every byte is as its record says",
            1 => "1 problem",
            var count => string.Create(CultureInfo.InvariantCulture, $"{count} problems"),
        }).ToString();
    }

    private static string Json(StoreCheckResult result, double seconds)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("moduleVersions", result.ModuleVersions);
            writer.WriteNumber("artifacts", result.Artifacts);
            writer.WriteNumber("bytes", result.Bytes);
            writer.WriteNumber("seconds", Math.Round(seconds, 3));
            writer.WriteStartArray("problems");
            foreach (var problem in result.Problems)
            {
                writer.WriteStartObject();
                writer.WriteString("artifact", problem.Artifact);
                writer.WriteString("problem", problem.Problem);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
