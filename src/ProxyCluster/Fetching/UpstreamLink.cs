using System.Diagnostics;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Fetching;

/// <summary>
/// One upstream as a link of the chain: asks it as often as is sensible and never more often at once than it may be.
/// A try lasts from the question to the end of what the consumer does with the answer, and holds one of the upstream's
/// turns for that long; pauses between tries hold none. A consumer must therefore not ask the chain itself.
/// </summary>
internal sealed partial class UpstreamLink : IDisposable
{
    private readonly IUpstream _upstream;
    private readonly UpstreamsOptions _options;
    private readonly TimeProvider _time;
    private readonly ProxyMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Func<double> _random;
    private readonly UpstreamBreaker _breaker;
    private readonly SemaphoreSlim _turns;

    public UpstreamLink(
        IUpstream upstream,
        bool passesAnyFailure,
        UpstreamsOptions options,
        TimeProvider time,
        ProxyMetrics metrics,
        ILogger logger,
        Func<double> random)
    {
        _upstream = upstream;
        PassesAnyFailure = passesAnyFailure;
        _options = options;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _random = random;
        _breaker = new UpstreamBreaker(upstream.Name, options, time, metrics, logger);
        _turns = new SemaphoreSlim(options.MaxConcurrentRequests);
    }

    /// <summary>Display name of the upstream.</summary>
    public string Name => _upstream.Name;

    /// <summary>True for an upstream behind a connection.</summary>
    public bool IsRemote => _upstream.IsRemote;

    /// <summary>True when <c>|</c> follows in the list.</summary>
    public bool PassesAnyFailure { get; }

    /// <summary>How the upstream stands.</summary>
    public UpstreamStatus Status
    {
        get
        {
            var state = _breaker.State;
            return new UpstreamStatus(
                Name, state.Position, state.Since, state.ConsecutiveFailures, state.LastFailure, state.LastFailureTime,
                state.Position is BreakerPosition.Open ? state.ProbeAt : null);
        }
    }

    /// <summary>
    /// Asks until there is an outcome. <c>IsOurs</c> marks a failure that no other upstream could mend.
    /// </summary>
    public async Task<(Outcome<T> Outcome, bool IsOurs)> AskAsync<T>(
        UpstreamRequest request, Func<UpstreamAnswer, CancellationToken, Task<Outcome<T>>> consume, CancellationToken ct)
        where T : notnull
    {
        Failure? last = null;
        for (var tries = 1; ; tries++)
        {
            var isProbe = false;
            if (_upstream.IsRemote && _breaker.RefusalOrNull(out isProbe) is { } refusal)
            {
                _metrics.Traffic.CountFetch(metOutage: true);
                return (last is null ? refusal : last with { RetryAfter = refusal.RetryAfter }, false);
            }

            var (outcome, fault) = await TryInTurnAsync(request, consume, isProbe, tries, ct);
            if (fault is null)
                return (outcome, outcome.Failure is not null);

            last = fault.Failure;
            if (!_upstream.IsRemote || RetryRules.PauseOrNull(fault, tries, _random(), _options) is not { } pause)
                return (last, false);

            Log.WillRetry(_logger, request.Resource, Name, pause, last);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, _time, ct);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (_upstream as IDisposable)?.Dispose();
        _turns.Dispose();
    }

    // Either an outcome, or the fault for which there is none.
    private async Task<(Outcome<T> Outcome, UpstreamFault? Fault)> TryInTurnAsync<T>(
        UpstreamRequest request,
        Func<UpstreamAnswer, CancellationToken, Task<Outcome<T>>> consume,
        bool isProbe,
        int tries,
        CancellationToken ct)
        where T : notnull
    {
        // 1. A probe that ends without a word about the upstream, for whatever reason, must leave the breaker free.
        var learned = false;
        var hasTurn = false;
        try
        {
            // 2. Wait for a turn.
            hasTurn = !_upstream.IsRemote || await TryTakeTurnAsync(ct);
            if (!hasTurn)
            {
                return (new Failure(
                    FailureKind.Overloaded, $"too many requests are waiting for {Name}; {request.Resource} was not asked for"), null);
            }

            // 3. Ask, and let the consumer read.
            var (outcome, fault) = await TryOnceAsync(request, consume, tries, OnHeaders, ct);

            // 4. Tell the breaker. A status, whatever it says, is a sign of life.
            if (fault is { IsUnreachable: true })
                _breaker.Failed(isProbe, fault.Failure);
            else
                _breaker.Alive();
            learned = true;
            return (outcome, fault);
        }
        finally
        {
            if (hasTurn && _upstream.IsRemote)
                _turns.Release();
            if (!learned)
                _breaker.Abandoned(isProbe);
        }

        // A probe proves life by its headers: everybody else need not wait until its zip has arrived. Outside of a probe
        // headers prove nothing, or an upstream that stalls in every body would never be given up.
        void OnHeaders()
        {
            if (isProbe)
                _breaker.Alive();
        }
    }

    private async Task<(Outcome<T> Outcome, UpstreamFault? Fault)> TryOnceAsync<T>(
        UpstreamRequest request,
        Func<UpstreamAnswer, CancellationToken, Task<Outcome<T>>> consume,
        int tries,
        Action onHeaders,
        CancellationToken ct)
        where T : notnull
    {
        using var span = Tracing.Source.StartActivity("GET", ActivityKind.Client);
        span?.SetTag("http.request.method", "GET").SetTag("proxycluster.upstream", Name).SetTag("proxycluster.resource", request.Resource.ToString());
        if (tries > 1)
            span?.SetTag("http.request.resend_count", tries - 1);

        var started = _time.GetTimestamp();
        var cause = "cancelled";
        UpstreamAnswer? answer = null;
        try
        {
            var reply = await _upstream.OpenAsync(request, ct);
            if (reply.Fault is { } refused)
            {
                cause = Cause(refused.Failure);
                return (refused.Failure, refused);
            }

            onHeaders();
            answer = reply.Answer!;
            var outcome = await ConsumeAsync(answer, consume, ct);

            // What broke in the body outweighs what the consumer made of it.
            var fault = answer.BodyFault
                ?? (outcome.Failure is { } failure && FailureOrigin.IsUpstream(failure) ? new UpstreamFault(failure) : null);
            cause = fault is not null ? Cause(fault.Failure) : outcome.Failure is { } ours ? Cause(ours) : "ok";
            return (fault?.Failure ?? outcome, fault);
        }
        finally
        {
            if (answer is not null)
                await answer.DisposeAsync();
            if (cause != "ok")
                span?.SetTag("error.type", cause).SetStatus(ActivityStatusCode.Error);
            _metrics.UpstreamFetches.Add(1, new("upstream", Name), new("artifact", request.Resource.Label), new("outcome", cause));
            _metrics.Traffic.CountFetch(cause is "upstream-unavailable" or "upstream-timeout");
            _metrics.UpstreamDuration.Record(_time.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("upstream", Name));
            if (answer is { BytesRead: > 0 })
                _metrics.FetchedBytes.Add(answer.BytesRead, new KeyValuePair<string, object?>("upstream", Name));
        }
    }

    private static async Task<Outcome<T>> ConsumeAsync<T>(
        UpstreamAnswer answer, Func<UpstreamAnswer, CancellationToken, Task<Outcome<T>>> consume, CancellationToken ct)
        where T : notnull
    {
        try
        {
            return await consume(answer, ct);
        }
        catch (Exception) when (answer.BodyFault is not null && !ct.IsCancellationRequested)
        {
            return answer.BodyFault!.Failure;
        }
    }

    private async Task<bool> TryTakeTurnAsync(CancellationToken ct)
    {
        if (_turns.Wait(TimeSpan.Zero, ct))
            return true;

        using var timer = new CancellationTokenSource(_options.QueueTimeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            await _turns.WaitAsync(stop.Token);
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private static string Cause(Failure failure) => FailureTable.For(failure.Kind).Cause;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Request for {Resource} to {Upstream} failed and was put off by {Pause}: {Failure}")]
        public static partial void WillRetry(ILogger logger, UpstreamResource resource, string upstream, TimeSpan pause, Failure failure);
    }
}
