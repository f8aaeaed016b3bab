using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using ProxyCluster.Demo;

namespace ProxyCluster.Cli;

/// <summary><c>demo</c>: three regions in one process, with everything they need brought along.</summary>
internal static class DemoVerb
{
    private const string Program = SampleModules.Prefix + "hello";
    private const int DefaultPort = 8090;

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("demo", "Run a cluster of three regions in this process, with sample modules to fetch.");
        var duration = DurationOption.CreateOptional("--duration", "Stop after this long, e.g. 30s. Default: run until interrupted.");
        var delay = DurationOption.CreateOptional("--upstream-delay", "Let the upstream wait this long before each answer, e.g. 200ms. Default 0.");
        var portBase = new Option<int>("--port-base")
        {
            Description = "The first region's front end listens here, the others on the next ports; 0 takes free ones.",
            HelpName = "PORT",
            DefaultValueFactory = _ => DefaultPort,
        };
        portBase.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65533)
                result.AddError("--port-base must be 0, or leave room for three ports below 65536");
        });
        command.Options.Add(duration);
        command.Options.Add(portBase);
        command.Options.Add(delay);
        Examples.Attach(command,
            "proxycluster demo",
            "proxycluster demo --duration 30s --port-base 9000",
            "proxycluster demo --upstream-delay 1s               see who waits and who does not");
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(portBase), parsed.GetValue(delay) ?? TimeSpan.Zero, parsed.GetValue(duration), context, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        int portBase, TimeSpan upstreamDelay, TimeSpan? duration, CommandContext context, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        DemoCluster demo;
        try
        {
            demo = await DemoCluster.StartAsync(portBase, upstreamDelay, TimeProvider.System, stop.Token).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await context.Error.WriteLineAsync(
                $"proxycluster: one of the ports {portBase} to {portBase + DemoCluster.Regions.Count - 1} is in use; choose others with --port-base")
                .ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitStatus.Ok;
        }

        await using (demo.ConfigureAwait(false))
        {
            foreach (var line in Welcome(demo))
                await context.Out.WriteLineAsync(line).ConfigureAwait(false);
            await context.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            if (duration is { } limit)
                stop.CancelAfter(limit);
            await new StatusDisplay(context.Out, demo.StatusAsync, TimeProvider.System).RunAsync(stop.Token).ConfigureAwait(false);
        }

        return ExitStatus.Ok;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static IEnumerable<string> Welcome(DemoCluster demo)
    {
        yield return $"{DemoCluster.Regions.Count} regions with {demo.World.Modules.Count} sample module versions; nothing leaves this machine.";
        foreach (var (region, goProxy) in demo.GoProxies)
            yield return $"  {region,-10} GOPROXY={goProxy}";
        yield return $"  checksums  GOSUMDB={demo.World.Database.Key}";
        yield return "";
        yield return "Build through it, from an empty module cache each time:";
        foreach (var (_, goProxy) in demo.GoProxies.Take(1))
            yield return "  " + GoCommandLine.For(goProxy, demo.World.Database.Key.ToString(), $"run {Program}@latest");
        yield return "";
    }
}
