using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Credentials;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>
/// Runs a program for every event, one at a time; exit status 0 means that it was understood. The event is in its
/// environment, our own settings and logins are not: they may hold secrets. What it prints is read and dropped until it ends; what it
/// leaves behind may live on, but needs an output of its own. One that runs for too long is killed with its children.
/// </summary>
internal sealed class CommandReceiver(
    IReadOnlyList<string> command, TimeSpan limit, string cluster, Func<Uri> member, TimeProvider clock) : IEventReceiver
{
    /// <inheritdoc/>
    public string Name => "command";

    /// <inheritdoc/>
    public async Task<string?> TellAsync(RoutingEvent change, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        using var process = new Process { StartInfo = StartOf(change) };
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(both.Token);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return $"{command[0]} could not be started: {e.Message}";
        }

        process.StandardInput.Close();

        // So that it does not wait for room in a pipe. Not by the process's own events: with them its end is awaited at the
        // end of its pipes, which a daemon that it leaves behind keeps open.
        var output = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, ended.Token);
        var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, ended.Token);
        try
        {
            await process.WaitForExitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            return string.Create(CultureInfo.InvariantCulture, $"it ran for more than {limit.TotalSeconds:0.###} s and was killed");
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(output, errors).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return process.ExitCode == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"its exit status was {process.ExitCode}");
    }

    private ProcessStartInfo StartOf(RoutingEvent change)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Commands.RemoveSecrets(start);
        foreach (var (name, value) in EventWords.Variables(change, cluster, member()))
            start.Environment[name] = value;
        return start;
    }
}
