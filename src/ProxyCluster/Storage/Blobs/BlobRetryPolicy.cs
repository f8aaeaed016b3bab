using Azure.Core;
using Azure.Core.Pipeline;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Azure.Core's retries, which wait as long as <c>Retry-After</c> says, with a bound on that: a store that asks for more
/// patience than we have counts as failed at once, instead of keeping an upload's memory and a client waiting.
/// </summary>
internal sealed class BlobRetryPolicy(BlobStoreOptions options) : RetryPolicy(options.Retries, PausesOf(options))
{
    private readonly DelayStrategy _pauses = PausesOf(options);

    /// <inheritdoc/>
    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        !message.HasResponse || _pauses.GetNextDelay(message.Response, 1) <= options.MaxRetryPause
            ? base.ShouldRetryAsync(message, exception)
            : new ValueTask<bool>(false);

    private static DelayStrategy PausesOf(BlobStoreOptions options) =>
        DelayStrategy.CreateExponentialDelayStrategy(options.RetryPause, options.MaxRetryPause);
}
