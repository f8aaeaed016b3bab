using System.CommandLine;
using ProxyCluster.Configuration;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Hosting;

namespace ProxyCluster.Cli;

/// <summary><c>route</c>: which upstreams a module would be asked of, and why. Nobody is asked for it.</summary>
internal static class RouteVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("route", "Print which upstreams a module would be asked of, in their order, and why.");
        var module = new Argument<string>("module") { Description = "Path of the module, such as example.com/lib; a version behind it is left out." };
        command.Arguments.Add(module);
        var flags = SettingFlags.ForServe(command);
        Examples.Attach(command,
            "proxycluster route github.com/gorilla/mux",
            "proxycluster route corp.example/team/lib --config production.json",
            "",
            "Exit status: 0 some upstream would be asked, 1 none, 2 wrong usage.");
        command.SetAction((parsed, _) => RunAsync(flags.Read(parsed, context), parsed.GetValue(module)!, context));
        return command;
    }

    private static async Task<int> RunAsync(SettingsInput input, string module, CommandContext context)
    {
        var services = ProxyHost.BuildServices(input);
        await using (services.ConfigureAwait(false))
        {
            if (SettingsCheck.FindMistakes(services) is { Count: > 0 } mistakes)
                return await WrongSettings.ReportAsync(mistakes, context).ConfigureAwait(false);
            if (!ModulePath.TryParse(module.Split('@')[0], out var path, out var error))
                return await WrongSettings.ReportAsync([error], context).ConfigureAwait(false);

            var routes = services.GetRequiredService<UpstreamRoutes>();
            var all = routes.Entries.Select((entry, index) => (Entry: entry, Route: routes.Of(index, path))).ToList();
            var width = all.Max(static one => one.Entry.DisplayName.Length);
            foreach (var (entry, route) in all)
            {
                await context.Out.WriteLineAsync(
                    $"{(route.MayAsk ? "asked    " : "not asked")}  {entry.DisplayName.PadRight(width)}  {route.Why}").ConfigureAwait(false);
            }

            return all.Exists(static one => one.Route.MayAsk && one.Entry.Kind is not GoProxyEntryKind.Off) ? ExitStatus.Ok : ExitStatus.Failed;
        }
    }
}
