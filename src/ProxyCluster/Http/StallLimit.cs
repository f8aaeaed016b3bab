using System.IO.Pipelines;

namespace ProxyCluster.Http;

/// <summary>
/// Ends the connection of a client that takes nothing of its answer for too long.
/// <para>
/// The server has a limit too, but an average one, over all that was ever sent on a connection: whoever took a hundred
/// megabytes quickly might then stand still for a day, and hold a file, buffers and a connection meanwhile. This one
/// knows only the present. It costs nothing but one timer, made and touched only while a flush waits for the client.
/// </para>
/// </summary>
internal sealed class StallLimit(HttpContext context, TimeSpan limit, TimeProvider clock) : IDisposable
{
    private ITimer? _timer;

    /// <summary>Flushes; where the client is not ready for more, waits for it as long as the limit allows.</summary>
    public ValueTask<FlushResult> FlushAsync(PipeWriter writer, CancellationToken cancel) =>
        Limited(writer.FlushAsync(cancel));

    /// <summary>Writes and flushes in the same way.</summary>
    public ValueTask<FlushResult> WriteAsync(PipeWriter writer, ReadOnlyMemory<byte> bytes, CancellationToken cancel) =>
        Limited(writer.WriteAsync(bytes, cancel));

    public void Dispose() => _timer?.Dispose();

    private ValueTask<FlushResult> Limited(ValueTask<FlushResult> flush) => flush.IsCompleted ? flush : WaitAsync(flush);

    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flush)
    {
        _timer ??= clock.CreateTimer(
            static state => ((HttpContext)state!).Abort(), context, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
        try
        {
            return await flush;
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
