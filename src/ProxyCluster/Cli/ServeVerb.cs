using System.CommandLine;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Http;
using ProxyCluster.Sockets;

namespace ProxyCluster.Cli;

/// <summary><c>serve</c>: runs one silo until it is told to stop.</summary>
internal static class ServeVerb
{
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("serve", "Run a proxy that go can use as GOPROXY.");
        var flags = SettingFlags.ForServe(command);
        Examples.Attach(command,
            "proxycluster serve",
            "proxycluster serve --urls 'http://*:8080' --data /var/lib/proxycluster",
            "proxycluster serve --upstream 'https://proxy.example.com|https://proxy.golang.org'",
            "proxycluster serve --no-sumdb 'git.example.com/*' --set Serve:DrainTimeout=2m",
            "PROXYCLUSTER_STORAGE__DATA=/var/lib/proxycluster proxycluster serve",
            "",
            "Flags win over PROXYCLUSTER_… variables, these over --config files, these over ./appsettings.json, and",
            "GOPROXY, GOSUMDB, GONOSUMDB, GOPRIVATE stand in where nothing else is set. 'proxycluster config' shows the result.");
        command.SetAction((parsed, cancellation) => RunAsync(flags.Read(parsed, context), context, cancellation));
        return command;
    }

    private static bool IsInline(IServiceProvider services) => services.GetRequiredService<IOptions<HttpOptions>>().Value.InlineSockets;

    private static async Task<int> RunAsync(SettingsInput input, CommandContext context, CancellationToken cancellation)
    {
        var isStarted = false;
        WebApplication app;
        try
        {
            app = ProxyHost.Build(input, services => (context.OwnsProcess ? services.AddInlineSockets(IsInline) : services)
                .AddSingleton(context.Error)
                .AddSingleton<SignalLifetime>()
                .AddSingleton<IHostLifetime>(provider => provider.GetRequiredService<SignalLifetime>())
                // Until it runs, this method reports why not, in one line instead of a stack trace.
                .AddLogging(logging => logging.AddFilter(HostCategory, level => isStarted && level >= LogLevel.Warning)));
        }
        catch (SettingsException e)
        {
            return await WrongSettings.ReportAsync(e.Mistakes, context).ConfigureAwait(false);
        }

        await using (app.ConfigureAwait(false))
        {
            var urls = app.Services.GetRequiredService<IOptions<ServeOptions>>().Value.Addresses()
                .Concat(app.Services.GetRequiredService<IOptions<ClusteringOptions>>().Value.InternalAddresses());
            try
            {
                await app.StartAsync(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (WasTold())
            {
                // Told to stop before it had joined its cluster.
                await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
                return ExitStatus.Ok;
            }
            catch (Exception e) when (StartFailure.DescribeOrNull(e, urls) is { } line)
            {
                await context.Error.WriteLineAsync("proxycluster: " + line).ConfigureAwait(false);
                return ExitStatus.Failed;
            }

            isStarted = true;
            var effective = SettingsCheck.Effective(app.Services.GetRequiredService<OptionsCatalog>(), app.Services.GetRequiredService<Settings>());
            foreach (var line in Banner.Lines([.. app.Urls], effective, context.WorkingDirectory))
                await context.Out.WriteLineAsync(line).ConfigureAwait(false);
            await context.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);

            await app.WaitForShutdownAsync(cancellation).ConfigureAwait(false);

            // Nobody told it to stop: something in it has ended the host, and the log says what.
            return WasTold() ? ExitStatus.Ok : ExitStatus.Failed;

            bool WasTold() => cancellation.IsCancellationRequested || app.Services.GetRequiredService<SignalLifetime>().WasSignalled;
        }
    }
}
