using Microsoft.Extensions.Options;

namespace ProxyCluster.Hosting;

/// <summary>
/// Keeps the listener open for a moment after the shutdown began. By then <c>ApplicationStopping</c> has fired and
/// <c>/readyz</c> answers 503, so a load balancer that asks can take us out before anybody is refused.
/// </summary>
internal sealed class DrainDelay(IOptions<ServeOptions> options, IHostApplicationLifetime lifetime, TimeProvider? time = null)
    : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        lifetime.StopApplication(); // already so after a signal; a host that is stopped by its owner begins here
        if (options.Value.DrainDelay > TimeSpan.Zero)
            await Task.Delay(options.Value.DrainDelay, time ?? TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
