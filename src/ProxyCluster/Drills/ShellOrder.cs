using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ProxyCluster.Drills;

/// <summary>
/// A command that the caller of a drill brings, run by <c>/bin/sh</c>. It is told the region in <c>DRILL_REGION</c>; what it
/// prints goes into the drill's progress, and one that runs for more than a minute is killed with its children.
/// </summary>
/// <param name="flag">The flag that gave it, for messages.</param>
/// <param name="command">The command line.</param>
/// <param name="clock">Measures the minute.</param>
internal sealed class ShellOrder(string flag, string command, TimeProvider clock)
{
    private const int ToldLines = 20;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="DrillException">Its exit status is not 0, or it took too long; holds its last line.</exception>
    public async Task RunAsync(DrillStage stage, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh", ["-c", command])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DRILL_REGION"] = stage.Region },
            },
        };
        var said = new ConcurrentQueue<string>();
        process.OutputDataReceived += (_, line) => Tell(line.Data);
        process.ErrorDataReceived += (_, line) => Tell(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            throw new DrillException(string.Create(CultureInfo.InvariantCulture, $"{flag} ran for more than {Limit.TotalSeconds:0} s and was killed"));
        }

        if (process.ExitCode != 0)
            throw new DrillException(string.Create(CultureInfo.InvariantCulture, $"{flag} ended with exit status {process.ExitCode}: {said.LastOrDefault() ?? "it said nothing"}"));

        void Tell(string? line)
        {
            if (string.IsNullOrWhiteSpace(line))
                return;
            said.Enqueue(line);
            if (said.Count <= ToldLines)
                stage.Progress($"{flag}: {line}");
        }
    }
}
