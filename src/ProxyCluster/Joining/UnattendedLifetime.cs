namespace ProxyCluster.Joining;

/// <summary>
/// A host that somebody in the same process starts and stops (tests, a demo with many silos). The platform's default
/// would take the whole process's signals for each of them.
/// </summary>
internal sealed class UnattendedLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
