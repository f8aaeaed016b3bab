using System.Text;
using System.Text.Json;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>What a watch had to say.</summary>
internal enum EtcdWatchNews
{
    /// <summary>Changes, in order of their revisions.</summary>
    Events,

    /// <summary>Nothing changed up to a revision.</summary>
    Progress,

    /// <summary>Nothing at all for the given time, which is what a frozen member looks like too.</summary>
    Silence,

    /// <summary>Revisions that were asked for are gone: list again.</summary>
    Compacted,

    /// <summary>The watch is over; open another.</summary>
    Broken,
}

/// <summary>One piece of news.</summary>
/// <param name="News">Which kind.</param>
/// <param name="Revision">For events and progress: everything up to here has been told.</param>
/// <param name="Events">The changes.</param>
/// <param name="Error">Why the watch is over.</param>
internal sealed record EtcdWatchRead(EtcdWatchNews News, long Revision = 0, EtcdEvent[]? Events = null, EtcdError? Error = null);

/// <summary>
/// A running watch on one endpoint: lines of JSON without end. Read by one task. etcd itself is silent for up to ten
/// minutes when nothing changes (<c>--experimental-watch-progress-notify-interval</c>), so silence is reported and the
/// reader has to ask; the line being waited for stays awaited.
/// </summary>
internal sealed class EtcdWatch(Uri endpoint, HttpResponseMessage response, Stream body, TimeProvider time) : IDisposable
{
    private readonly StreamReader _lines = new(body, Encoding.UTF8);
    private readonly CancellationTokenSource _disposed = new();
    private Task<string?>? _pending;

    /// <summary>Where it runs.</summary>
    public Uri Endpoint => endpoint;

    /// <summary>Waits until etcd says that the watch exists; the error if it does not.</summary>
    public async Task<EtcdError?> ConfirmAsync(CancellationToken cancel)
    {
        var line = await _lines.ReadLineAsync(cancel);
        var (answer, error) = Parse(line);
        return error ?? (answer is { Canceled: true } ? EtcdErrors.FromCancel(endpoint, answer.CancelReason) : null);
    }

    /// <summary>The next news, or <see cref="EtcdWatchNews.Silence"/> after <paramref name="silence"/>.</summary>
    public async Task<EtcdWatchRead> ReadAsync(TimeSpan silence, CancellationToken cancel)
    {
        try
        {
            _pending ??= _lines.ReadLineAsync(_disposed.Token).AsTask();
            var line = await _pending.WaitAsync(silence, time, cancel);
            _pending = null;
            var (answer, error) = Parse(line);
            return (answer, error) switch
            {
                (_, not null) => new(EtcdWatchNews.Broken, Error: error),
                ({ CompactRevision: > 0 }, _) => new(EtcdWatchNews.Compacted),
                ({ Canceled: true }, _) => new(EtcdWatchNews.Broken, Error: EtcdErrors.FromCancel(endpoint, answer.CancelReason)),
                // The header's revision can be ahead of the events told so far; theirs cannot.
                ({ Events: { Length: > 0 } events }, _) => new(EtcdWatchNews.Events, events[^1].Kv.ModRevision, events),
                _ => new(EtcdWatchNews.Progress, answer!.Header.Revision),
            };
        }
        catch (TimeoutException)
        {
            return new(EtcdWatchNews.Silence);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return new(EtcdWatchNews.Broken, Error: EtcdErrors.Unreachable(endpoint, $"broke off a watch: {e.Message}"));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed.Cancel();
        response.Dispose();
        // The reader and the stream go with the response. The abandoned line must not surface as unobserved.
        _ = _pending?.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _disposed.Dispose();
    }

    private (EtcdWatchResponse? Answer, EtcdError? Error) Parse(string? line)
    {
        if (line is null)
            return (null, EtcdErrors.Unreachable(endpoint, "ended a watch"));
        try
        {
            var parsed = JsonSerializer.Deserialize<EtcdStreamLine<EtcdWatchResponse>>(line, EtcdJson.Options);
            return parsed switch
            {
                { Error: { } error } => (null, EtcdErrors.FromStream(endpoint, error)),
                { Result: { Header: not null } answer } => (answer, null),
                _ => (null, EtcdErrors.Unreachable(endpoint, "sent a line without a result")),
            };
        }
        catch (JsonException e)
        {
            return (null, EtcdErrors.Unreachable(endpoint, $"sent a line that is not etcd's: {e.Message}"));
        }
    }
}
