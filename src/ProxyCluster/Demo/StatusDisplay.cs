using Spectre.Console;
using Spectre.Console.Rendering;

namespace ProxyCluster.Demo;

/// <summary>Keeps the status in front of people: redrawn in place on a terminal, a line per change where output goes to a file.</summary>
/// <param name="output">Where to.</param>
/// <param name="snapshot">Gives the present figures.</param>
/// <param name="time">The clock between two looks.</param>
internal sealed class StatusDisplay(TextWriter output, Func<Task<StatusSnapshot>> snapshot, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Shows the status until cancelled, and then once more: the last figures stand.</summary>
    public Task RunAsync(CancellationToken cancellation)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        return console.Profile.Out.IsTerminal ? RedrawAsync(console, cancellation) : PrintChangesAsync(cancellation);
    }

    private async Task RedrawAsync(IAnsiConsole console, CancellationToken cancellation) =>
        await console.Live(await RenderAsync().ConfigureAwait(false)).StartAsync(async live =>
        {
            while (await WaitAsync(cancellation).ConfigureAwait(false))
                live.UpdateTarget(await RenderAsync().ConfigureAwait(false));
            live.UpdateTarget(await RenderAsync().ConfigureAwait(false));
        }).ConfigureAwait(false);

    private async Task<IRenderable> RenderAsync() => StatusTable.Render(await snapshot().ConfigureAwait(false));

    private async Task PrintChangesAsync(CancellationToken cancellation)
    {
        StatusSnapshot? before = null;
        do
            before = await PrintAsync(before).ConfigureAwait(false);
        while (await WaitAsync(cancellation).ConfigureAwait(false));
        await PrintAsync(before).ConfigureAwait(false);
    }

    private async Task<StatusSnapshot> PrintAsync(StatusSnapshot? before)
    {
        var now = await snapshot().ConfigureAwait(false);
        foreach (var line in StatusTable.Changes(before, now))
            await output.WriteLineAsync(line).ConfigureAwait(false);
        await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        return now;
    }

    private async Task<bool> WaitAsync(CancellationToken cancellation)
    {
        await Task.Delay(Pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellation.IsCancellationRequested;
    }
}
