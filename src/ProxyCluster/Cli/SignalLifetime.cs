using System.Runtime.InteropServices;

namespace ProxyCluster.Cli;

/// <summary>
/// SIGINT, SIGTERM and SIGQUIT: the first begins the drain, the second exits at once. Nothing acknowledged is lost by
/// the second one, because the store does not rely on a clean end.
/// </summary>
internal sealed class SignalLifetime(IHostApplicationLifetime application, TextWriter error) : IHostLifetime, IDisposable
{
    // What a shell reports for a process that a signal ended.
    private const int ExitBySignal = 128;

    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    /// <summary>Whether the host ends because it was told to.</summary>
    public bool WasSignalled => Volatile.Read(ref _signals) > 0;

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var (signal, number) in new[] { (PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15), (PosixSignal.SIGQUIT, 3) })
            _registrations.Add(PosixSignalRegistration.Create(signal, context => On(context, number)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void On(PosixSignalContext context, int number)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            error.WriteLine("proxycluster: second signal, exiting without waiting for downloads");
            Environment.Exit(ExitBySignal + number);
        }

        error.WriteLine("proxycluster: stopping; waiting for downloads in flight (signal again to exit at once)");
        application.StopApplication();
    }
}
