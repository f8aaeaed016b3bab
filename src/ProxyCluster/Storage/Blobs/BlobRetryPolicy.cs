using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Azure.Core's retries, which wait as long as <c>Retry-After</c> says, with a bound on that: a store that asks for more
/// patience than we have counts as failed at once, instead of keeping an upload's memory and a client waiting.
/// </summary>
internal sealed class BlobRetryPolicy(BlobStoreOptions options, TimeProvider clock) : RetryPolicy(
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

    // The forms that Azure.Core waits for (RFC 9110 §10.2.3, and the service's own in milliseconds).
    private TimeSpan? RetryAfterOrNull(Response response)
    {
        foreach (var name in (ReadOnlySpan<string>)["retry-after-ms", "x-ms-retry-after-ms"])
        {
            if (response.Headers.TryGetValue(name, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var milliseconds))
                return TimeSpan.FromMilliseconds(milliseconds);
        }

        if (!response.Headers.TryGetValue("Retry-After", out var after))
            return null;
        if (long.TryParse(after, CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue));
        return DateTimeOffset.TryParse(after, CultureInfo.InvariantCulture, out var until) ? until - clock.GetUtcNow() : null;
    }
}
