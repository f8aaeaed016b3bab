using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Azure.Core's retries, which wait as long as <c>Retry-After</c> says, with a bound on that: a store that asks for more
/// patience than we have counts as failed at once, instead of keeping an upload's memory and a client waiting.
/// </summary>
internal sealed class BlobRetryPolicy(BlobStoreOptions options) : RetryPolicy(
    options.Retries,
    DelayStrategy.CreateExponentialDelayStrategy(options.RetryPause, options.MaxRetryPause))
{
    private readonly TimeSpan _longest = options.MaxRetryPause;

    /// <inheritdoc/>
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        IsPatient(message) && base.ShouldRetry(message, exception);

    /// <inheritdoc/>
    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        IsPatient(message) ? base.ShouldRetryAsync(message, exception) : new ValueTask<bool>(false);

    private bool IsPatient(HttpMessage message) =>
        !message.HasResponse || RetryAfterOrNull(message.Response) is not { } wait || wait <= _longest;

    private static TimeSpan? RetryAfterOrNull(Response response) =>
        response.Headers.TryGetValue("Retry-After", out var text)
        && int.TryParse(text, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
