using System.Runtime.CompilerServices;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>
/// The body of an upstream's answer, read under limits of size and pace. Time counts only while a read waits for the
/// upstream, so a slow disk on our side is never the upstream's fault. The first failure is kept in <see cref="Fault"/>
/// and every later read repeats it: a consumer that swallows the exception cannot turn half a body into a whole one.
/// </summary>
internal sealed class UpstreamBody : ArrivingStream
{
    private readonly Stream _inner;
    private readonly string _upstream;
    private readonly UpstreamBodyLimits _limits;
    private readonly long? _length;
    private readonly TimeProvider _time;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private TimeSpan _waited;

    /// <summary>Wraps <paramref name="inner"/>; <paramref name="caller"/> ends every read when it is cancelled.</summary>
    public UpstreamBody(
        Stream inner, string upstream, long? length, UpstreamBodyLimits limits, TimeProvider time, CancellationToken caller)
    {
        _inner = inner;
        _upstream = upstream;
        _length = length;
        _limits = limits;
        _time = time;
        _caller = caller;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _timer = time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), _stop, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What broke, or null.</summary>
    public UpstreamFault? Fault { get; private set; }

    /// <summary>Bytes handed out so far.</summary>
    public long BytesRead { get; private set; }

    /// <inheritdoc/>
    // Hot: once per buffer of every byte fetched. A read that completes at once touches neither clock nor timer, and the
    // pooled builder spares the state machine's allocation when it does not.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Fault is not null)
            throw new UpstreamBodyException(Fault.Failure);
        if (buffer.IsEmpty)
            return 0;

        // One byte more than allowed is enough to know.
        var room = _limits.MaxBytes - BytesRead + 1;
        if (buffer.Length > room)
            buffer = buffer[..(int)room];

        var limit = _limits.ForNextRead(BytesRead, _waited);
        if (limit.Time <= TimeSpan.Zero)
            throw TooSlow(limit.Kind);

        int read;
        try
        {
            var pending = _inner.ReadAsync(buffer, _stop.Token);
            read = pending.IsCompleted ? await pending : await WaitAsync(pending, limit.Time, cancellationToken);
        }
        catch (OperationCanceledException) when (_caller.IsCancellationRequested || cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            throw TooSlow(limit.Kind);
        }
        catch (HttpIOException e) when (e.HttpRequestError is HttpRequestError.ResponseEnded)
        {
            throw Broken(Truncated(), e);
        }
        catch (InvalidDataException e)
        {
            throw Broken(UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{_upstream} sent something that is not gzip, or not all of it"), e);
        }
        catch (IOException e)
        {
            throw Broken(
                UpstreamFault.Unreachable(FailureKind.UpstreamUnavailable, $"{_upstream} broke the connection after {BytesRead} bytes"), e);
        }

        BytesRead += read;
        if (BytesRead > _limits.MaxBytes)
            throw Broken(TooLong(_upstream, _limits.MaxBytes));
        if (read == 0 && _length is { } length && BytesRead < length)
            throw Broken(Truncated());
        return read;
    }

    /// <summary>The fault of a body that is, or says that it will be, longer than the limit.</summary>
    public static UpstreamFault TooLong(string upstream, long limit) =>
        UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{upstream} sent more than the {limit} bytes allowed here");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _timer.Dispose();
            _inner.Dispose();
            _stop.Dispose();
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> pending, TimeSpan limit, CancellationToken reader)
    {
        var started = _time.GetTimestamp();
        _timer.Change(limit, Timeout.InfiniteTimeSpan);

        // The consumer usually passes on the token it was given, which _stop is linked to already.
        var also = reader == _caller
            ? default
            : reader.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);
        try
        {
            return await pending;
        }
        finally
        {
            await also.DisposeAsync();
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _waited += _time.GetElapsedTime(started);
        }
    }

    private UpstreamBodyException TooSlow(UpstreamReadLimitKind kind) => Broken(UpstreamFault.Unreachable(
        FailureKind.UpstreamTimeout,
        $"the answer of {_upstream} {_limits.Describe(kind)} ({BytesRead} bytes came)",
        mayRetry: kind is UpstreamReadLimitKind.Idle));

    private UpstreamFault Truncated() => UpstreamFault.Passing(
        FailureKind.UpstreamInvalid,
        _length is { } length ? $"{_upstream} sent {BytesRead} of {length} bytes" : $"{_upstream} broke off after {BytesRead} bytes");

    private UpstreamBodyException Broken(UpstreamFault fault, Exception? inner = null)
    {
        Fault = fault;
        return new UpstreamBodyException(fault.Failure, inner);
    }
}
