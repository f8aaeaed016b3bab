using System.Collections.Immutable;
using System.Diagnostics;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Fetching;

/// <summary>
/// One upstream as a link of the chain: asks it as often as is sensible and never more often at once than it may be.
/// A try lasts from the question to the end of what the consumer does with the answer, and holds one of the upstream's
/// turns for that long (<see cref="FairTurns"/>: fair among clients); pauses between tries hold none. A consumer must therefore not ask the chain itself.
/// </summary>
internal sealed partial class UpstreamLink : IDisposable
{
    private const int KnownModules = 4;
    private const long MaxKnownBytes = 64 * 1024;

    private readonly IUpstream _upstream;
    private readonly UpstreamsOptions _options;
    private readonly TimeProvider _time;
    private readonly ProxyMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Func<double> _random;
    private readonly UpstreamBreaker _breaker;
    private readonly FairTurns _turns;

    // Something small of the last few modules that the upstream answered well.
    private ImmutableArray<UpstreamResource> _known = [];
    private int _probes = -1;

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
        _turns = new FairTurns(options.MaxConcurrentRequests, options.MaxWaiting, time, metrics.Clients);
    }

    /// <summary>Display name of the upstream.</summary>
    public string Name => _upstream.Name;

    /// <summary>True for an upstream behind a connection.</summary>
    public bool IsRemote => _upstream.IsRemote;

    /// <summary>True for one that stands for many hosts.</summary>
    public bool StandsForMany => _upstream.StandsForMany;

    /// <summary>True when <c>|</c> follows in the list.</summary>
    public bool PassesAnyFailure { get; }

    /// <summary>How the upstream stands.</summary>
    public UpstreamStatus Status => _breaker.Status;

    /// <summary>Requests that wait for its turn.</summary>
    public int Waiting => _turns.Waiting;

    /// <summary>Asks until there is an outcome.</summary>
    public async Task<LinkOutcome<T>> AskAsync<T>(
        UpstreamRequest request, Func<UpstreamAnswer, CancellationToken, Task<Outcome<T>>> consume, CancellationToken ct)
        where T : notnull
    {
        var began = _breaker.Now;
        Failure? last = null;
        for (var tries = 1; ; tries++)
        {
            // 1. Is it asked at all? A refusal after a failed try ends the tries, and that failure stands.
            var isProbe = false;
            if (_upstream.IsRemote && _breaker.RefusalOrNull(out isProbe) is { } refusal)
                return new(last is null ? refusal : last with { RetryAfter = refusal.RetryAfter }, IsOurs: false, WasAsked: last is not null);

            // 2. Is it back? Better found out by what it has than by what this request is about.
            if (isProbe && NextKnownOrNull() is { } known)
            {
                if (await ProbeAsync(known, ct) is { } away)
                    return new(away, IsOurs: false, WasAsked: true);
                isProbe = false;
            }

            // 3. Ask.
            var (outcome, fault) = await TryInTurnAsync(request, consume, isProbe, tries, ct);
            if (fault is null)
                return new(outcome, IsOurs: outcome.Failure is not null, WasAsked: true);

            // 4. Once more, or that was all: the tries of one request are one failure.
            last = fault.Failure;
            if (!isProbe && _upstream.IsRemote
                && (request.MayWait || last.RetryAfter is null)
                && RetryRules.PauseOrNull(fault, tries, _random(), _options) is { } pause)
            {
                Log.WillRetry(_logger, request.Resource, Name, pause, last);
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause, _time, ct);
                continue;
            }

            if (fault.IsUnreachable)
                _breaker.Failed(new(request.Resource.Path.Value, began, fault.HadNoConnection, isProbe, last.Message));
            return new(last, IsOurs: false, WasAsked: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (_upstream as IDisposable)?.Dispose();
        _turns.Dispose();
    }

    /// <summary>
    /// Asks for something small that was there before, as briefly as that takes: what the request at hand is about may be
    /// what the upstream is slow at. Null when the upstream is back.
    /// </summary>
    private async Task<Failure?> ProbeAsync(UpstreamResource known, CancellationToken ct)
    {
        var began = _breaker.Now;
        var learned = false;
        using var timer = new CancellationTokenSource(_options.ProbeTimeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            UpstreamReply reply;
            try
            {
                reply = await _upstream.OpenAsync(new UpstreamRequest(known), stop.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                reply = UpstreamFault.Unreachable(
                    FailureKind.UpstreamTimeout, $"{Name} did not answer a probe within {_options.ProbeTimeout.TotalSeconds:0.#} s");
            }

            if (reply.Answer is { } answer)
                await answer.DisposeAsync();
            learned = true;
            if (reply.Fault is { IsUnreachable: true } fault)
            {
                _breaker.Failed(new(known.Path.Value, began, fault.HadNoConnection, WasProbe: true, fault.Failure.Message));
                return fault.Failure;
            }

            _breaker.Alive();
            return null;
        }
        finally
        {
            if (!learned)
                _breaker.Abandoned(isProbe: true);
        }
    }

    // Another one each time: of several modules one may have become slow since.
    private UpstreamResource? NextKnownOrNull()
    {
        var known = _known;
        return known.IsEmpty ? null : known[(int)((uint)Interlocked.Increment(ref _probes) % known.Length)];
    }

    private void Remember(UpstreamResource resource) => ImmutableInterlocked.Update(
        ref _known,
        static (known, resource) => known.Any(other => other.Path == resource.Path) ? known : [resource, .. known.Take(KnownModules - 1)],
        resource);

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
        FairTurns.Turn? turn = null;
        try
        {
            // 2. Wait for a turn.
            if (_upstream.IsRemote && (turn = await _turns.TakeAsync(_options.QueueTimeout, ct)) is null)
            {
                return (new Failure(
                    FailureKind.Overloaded, $"too many requests are waiting for {Name}; {request.Resource} was not asked for"), null);
            }

            // 3. Ask, and let the consumer read.
            var (outcome, fault) = await TryOnceAsync(request, consume, tries, OnHeaders, ct);

            // 4. Tell the breaker. A status, whatever it says, is a sign of life; an outage is told once all tries are made.
            if (fault is not { IsUnreachable: true })
                _breaker.Alive();
            learned = true;
            return (outcome, fault);
        }
        finally
        {
            turn?.Dispose();
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
            if (cause == "ok" && request.Resource.Kind is not UpstreamResourceKind.Zip && answer.BytesRead <= MaxKnownBytes)
                Remember(request.Resource);
            return (fault?.Failure ?? outcome, fault);
        }
        finally
        {
            if (answer is not null)
                await answer.DisposeAsync();
            if (cause != "ok")
                span?.SetTag("error.type", cause).SetStatus(ActivityStatusCode.Error);
            _metrics.UpstreamFetches.Add(1, new("upstream", Name), new("artifact", request.Resource.Label), new("outcome", cause));
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

    private static string Cause(Failure failure) => FailureTable.For(failure.Kind).Cause;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Request for {Resource} to {Upstream} failed and was put off by {Pause}: {Failure}")]
        public static partial void WillRetry(ILogger logger, UpstreamResource resource, string upstream, TimeSpan pause, Failure failure);
    }
}

/// <summary>What came of asking one upstream.</summary>
/// <param name="Outcome">The value, or why there is none.</param>
/// <param name="IsOurs">The failure is one that no other upstream could mend.</param>
/// <param name="WasAsked">Something was sent to it; false when its breaker kept the request back.</param>
internal readonly record struct LinkOutcome<T>(Outcome<T> Outcome, bool IsOurs, bool WasAsked)
    where T : notnull;
