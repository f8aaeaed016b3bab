using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

namespace ProxyCluster.Cli;

/// <summary><c>config</c>: what is in force, and where each value came from.</summary>
internal static class ConfigVerb
{
    // The answer is read in a terminal, not put into a page: no reason to escape quotes and plus signs in it.
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("config", "Print the effective configuration, secrets masked, and where each value came from.");
        var flags = SettingFlags.ForServe(command);
        var json = new Option<bool>("--json") { Description = "Print one JSON object by key." };
        command.Options.Add(json);
        Examples.Attach(command, "proxycluster config", "proxycluster config --config production.json --json");
        command.SetAction((parsed, _) => RunAsync(flags.Read(parsed, context), parsed.GetValue(json), context));
        return command;
    }

    private static async Task<int> RunAsync(SettingsInput input, bool json, CommandContext context)
    {
        var services = ProxyHost.BuildServices(input);
        await using (services.ConfigureAwait(false))
        {
            var effective = SettingsCheck.Effective(
                services.GetRequiredService<OptionsCatalog>(), services.GetRequiredService<Settings>());
            await context.Out.WriteLineAsync(json ? Json(effective) : Table(effective)).ConfigureAwait(false);

            // Printed last and elsewhere, so that the table stays readable for people and programs.
            return SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes
                ? await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false)
                : ExitStatus.Ok;
        }
    }

    private static string Table(IReadOnlyList<EffectiveSetting> effective)
    {
        const int WidestValue = 60; // a longer value pushes its own source to the right, not everybody's
        var keys = effective.Max(setting => setting.Key.Length);
        var values = effective.Max(setting => setting.Value.Length <= WidestValue ? setting.Value.Length : 0);
        return string.Join('\n', effective.Select(setting =>
            $"{setting.Key.PadRight(keys)}  {(setting.Value.Length == 0 ? "-" : setting.Value).PadRight(values)}  {setting.Source}"));
    }

    private static string Json(IReadOnlyList<EffectiveSetting> effective)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            writer.WriteStartObject();
            foreach (var setting in effective)
            {
                writer.WriteStartObject(setting.Key);
                writer.WriteString("value", setting.Value);
                writer.WriteString("source", setting.Source);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }
}
