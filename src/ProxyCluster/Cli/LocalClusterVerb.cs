using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Topology;
using ProxyCluster.Sockets;

namespace ProxyCluster.Cli;

/// <summary><c>local-cluster</c>: the real topology as processes on this machine, until it is told to stop.</summary>
internal static class LocalClusterVerb
{
    private const int DefaultPort = 8081;
    private static readonly TimeSpan DownLimit = TimeSpan.FromSeconds(60);

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var directory = new Option<string>("--directory")
        {
            Description = "Data, logs and the state file go here. Default ./local-cluster.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "local-cluster",
            Recursive = true,
        };
        var command = new Command("local-cluster", "Run three regions as processes on this machine: a cluster store, silos and front ends.");
        command.Options.Add(directory);
        command.Subcommands.Add(Down(directory, context));
        command.Subcommands.Add(Status(directory, context));

        var silos = SilosOption.Create();
        var portBase = new Option<int>("--port-base")
        {
            Description = $"The first region's front end listens here, the others on the next ports; 0 takes free ones. Default {DefaultPort}.",
            HelpName = "PORT",
            DefaultValueFactory = _ => DefaultPort,
        };
        portBase.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65533)
                result.AddError("--port-base must be 0, or leave room for three ports below 65536");
        });
        var latency = new Option<bool>("--latency")
        {
            Description = "Put the time between regions that their names ask for: "
                + string.Join(", ", Distance.World.Select(static d => $"{d.From}-{d.To} {d.RoundTrip.TotalMilliseconds:0} ms")) + ".",
        };
        var samples = new Option<bool>("--samples") { Description = "Bring an upstream with the sample modules and their checksum database along; works offline." };
        var upstream = new Option<string?>("--upstream") { Description = "Where modules come from, as for serve.", HelpName = "LIST" };
        var sumDb = new Option<string?>("--sumdb") { Description = "The checksum database, as for serve.", HelpName = "VALUE" };
        var noSumDb = new Option<string?>("--no-sumdb") { Description = "Modules that no checksum database knows, as for serve.", HelpName = "PATTERNS" };
        var azurite = new Option<string?>("--azurite")
        {
            Description = "Give each region a blob store: Azurite's main.js, run by node. infra/local-cluster installs and names it.",
            HelpName = "FILE",
        };
        var store = StoreOption.Create();
        var set = new Option<string[]>("--set")
        {
            Description = "Set any key of every member, as for serve; may be given several times.",
            HelpName = "Section:Key=value",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        set.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
                result.AddError($"--set {token.Value}: write it as Section:Key=value");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(samples) && (result.GetValue(upstream) ?? result.GetValue(sumDb)) is not null)
                result.AddError("--samples brings its own --upstream and --sumdb");
        });
        foreach (var option in new Option[] { silos, store, portBase, latency, samples, upstream, sumDb, noSumDb, azurite, set })
            command.Options.Add(option);
        Examples.Attach(command,
            "proxycluster local-cluster --samples                  offline, until Ctrl-C",
            "proxycluster local-cluster --latency --silos 3        with the distances of the real thing",
            "proxycluster local-cluster status                     from another shell: who runs where",
            "proxycluster local-cluster down                       from another shell: end it");
        command.SetAction((parsed, cancellation) => RunAsync(
            new ProcessClusterSettings(Path.Combine(context.WorkingDirectory, parsed.GetValue(directory)!))
            {
                SilosPerRegion = parsed.GetValue(silos),
                Store = parsed.GetValue(store),
                PortBase = parsed.GetValue(portBase),
                Distances = parsed.GetValue(latency) ? Distance.World : [],
                Upstream = parsed.GetValue(upstream),
                SumDb = parsed.GetValue(sumDb),
                NoSumDb = parsed.GetValue(noSumDb),
                Azurite = parsed.GetValue(azurite) is { } file ? Path.GetFullPath(file, context.WorkingDirectory) : null,
                Settings = [.. parsed.GetValue(set)!.Select(static text => text.Split('=', 2)).Select(static pair => (pair[0].Trim(), pair[1]))],
            },
            parsed.GetValue(samples), context, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        ProcessClusterSettings settings, bool withSamples, CommandContext context, CancellationToken cancellation)
    {
        if (ClusterState.FindOrNull(settings.Directory) is { } other)
        {
            await context.Error.WriteLineAsync(
                $"proxycluster: a cluster runs in {settings.Directory} already, as process {other.ProcessId}; end it with 'proxycluster local-cluster down'")
                .ConfigureAwait(false);
            return ExitStatus.Failed;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        OutsideWorld? world = null;
        try
        {
            if (withSamples)
            {
                world = await OutsideWorld.StartAsync(TimeSpan.Zero, TimeProvider.System, stop.Token).ConfigureAwait(false);
                settings = settings with { Upstream = world.Upstream.Url, SumDb = world.Database.Setting };
            }

            var cluster = await ProcessCluster.StartAsync(settings, TimeProvider.System, Progress, stop.Token).ConfigureAwait(false);
            await using (cluster.ConfigureAwait(false))
            {
                foreach (var line in Welcome(cluster, world))
                    await context.Out.WriteLineAsync(line).ConfigureAwait(false);
                await context.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                foreach (var killed in await cluster.StopAsync(Progress).ConfigureAwait(false))
                    Progress($"{killed} did not end by itself and was killed");
            }

            return ExitStatus.Ok;
        }
        catch (ProcessClusterException e)
        {
            await context.Error.WriteLineAsync("proxycluster: " + e.Message).ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitStatus.Ok;
        }
        finally
        {
            if (world is not null)
                await world.DisposeAsync().ConfigureAwait(false);
        }

        void Progress(string what) => context.Error.WriteLine("proxycluster: " + what);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static IEnumerable<string> Welcome(ProcessCluster cluster, OutsideWorld? world)
    {
        foreach (var line in Table(ClusterState.Of(cluster)))
            yield return line;
        yield return $"store    {cluster.Store.ToString().ToLowerInvariant()}";
        yield return $"logs     {Path.Combine(cluster.Directory, "logs")}";
        yield return $"operate  proxycluster status --url {cluster.FrontEnds.First().Url.GetLeftPart(UriPartial.Authority)} --token-file {cluster.TokenFile}";
        if (world is not null)
            yield return $"GOSUMDB  {world.Database.Key}";
        yield return "";
        yield return "Build through the region you are in, or through one after the other:";
        var doors = cluster.FrontEnds.Select(static door => door.Url.GetLeftPart(UriPartial.Authority)).ToList();
        yield return world is null
            ? $"  GOPROXY='{string.Join('|', doors)}' go build ./..."
            : "  " + GoCommandLine.For($"'{string.Join('|', doors)}'", world.Database.Key.ToString(), $"run {SampleModules.Prefix}hello@latest");
        yield return "Ready. Ctrl-C ends it.";
    }

    private static IEnumerable<string> Table(ClusterState state)
    {
        var width = state.Processes.Max(static process => process.Name.Length);
        return state.Processes.Select(process => string.Create(CultureInfo.InvariantCulture,
            $"  {process.Name.PadRight(width)}  {process.Url.GetLeftPart(UriPartial.Authority),-23}  pid {process.ProcessId?.ToString(CultureInfo.InvariantCulture) ?? "-"}"));
    }

    private static Command Status(Option<string> directory, CommandContext context)
    {
        var command = new Command("status", "Say who runs where, and whether it is ready.");
        command.SetAction(async (parsed, cancellation) =>
        {
            if (await FindAsync(parsed.GetValue(directory)!, context).ConfigureAwait(false) is not { } state)
                return ExitStatus.Failed;

            var lines = Table(state).ToList();
            var isReady = await Task.WhenAll(state.Processes.Select(process => IsReadyAsync(process, cancellation))).ConfigureAwait(false);
            foreach (var (line, ready) in lines.Zip(isReady))
                await context.Out.WriteLineAsync($"{line,-70} {(ready ? "ready" : "not ready")}").ConfigureAwait(false);
            return isReady.All(static ready => ready) ? ExitStatus.Ok : ExitStatus.Failed;
        });
        return command;
    }

    private static Command Down(Option<string> directory, CommandContext context)
    {
        var command = new Command("down", "End a cluster that another shell started.");
        command.SetAction(async (parsed, cancellation) =>
        {
            if (await FindAsync(parsed.GetValue(directory)!, context).ConfigureAwait(false) is not { } state)
                return ExitStatus.Failed;

            Signals.TrySend(state.ProcessId, Signals.Terminate);
            using var limit = new CancellationTokenSource(DownLimit, TimeProvider.System);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
            while (state.IsRunning && !both.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, both.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            // Its processes end with it, whatever keeps it.
            if (state.IsRunning && limit.IsCancellationRequested)
                Signals.TrySend(state.ProcessId, Signals.Kill);
            return cancellation.IsCancellationRequested ? ExitStatus.Failed : ExitStatus.Ok;
        });
        return command;
    }

    private static async Task<ClusterState?> FindAsync(string directory, CommandContext context)
    {
        var path = Path.GetFullPath(directory, context.WorkingDirectory);
        var state = ClusterState.FindOrNull(path);
        if (state is null)
            await context.Error.WriteLineAsync($"proxycluster: no cluster runs in {path}").ConfigureAwait(false);
        return state;
    }

    private static async Task<bool> IsReadyAsync(ProcessState process, CancellationToken cancellation)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = OutgoingConnection.ConnectAsync }) { Timeout = TimeSpan.FromSeconds(2) };
        var asked = new ClusterProcess(process.Plan(), http, TimeProvider.System);
        await using (asked.ConfigureAwait(false))
            return await asked.TryReportAsync(cancellation).ConfigureAwait(false) is not null;
    }
}
