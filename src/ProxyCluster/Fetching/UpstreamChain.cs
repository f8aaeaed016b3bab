using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Fetching;

/// <summary>
/// The upstreams in their order, with the exact semantics of GOPROXY (spec §3): after <c>,</c> the next is asked only
/// when absence was proven, after <c>|</c> on any failure; each request walks from the first that may know of its module
/// (<see cref="UpstreamRoutes"/>), over all that may; where the policy names one of them for it, that is the only one.
/// </summary>
/// <remarks>
/// Promises. Every wait ends, by limits on connecting, on the first byte, on silence, on pace and in total, and every
/// body ends, by a limit on its size; a failure says which. A consumer runs within the try, so a body that breaks while
/// it is read is that upstream's failure: broken transport is asked for again, wrong content is not, and either passes on
/// to the next upstream behind a <c>|</c>. What is reported when all fail is <see cref="FailureChoice"/>'s.
/// <para>
/// Survives: an upstream that is down (three modules that stay silent in a row, or three connections that cannot be made, open its circuit breaker, after which it costs nothing but
/// a probe now and then), slow, lying about lengths, redirecting in circles or endless. A consumer may be called more
/// than once per fetch and must start afresh each time.
/// </para>
/// <para>
/// Leaves to others: whether the content is right (the consumer), joining of equal requests (ownership), caching of
/// answers (queries). Decided against handing out an open answer instead of taking a consumer: whoever held it would have
/// to report back how reading went, and a forgotten report would leave breaker and retry blind to half of all failures.
/// </para>
/// </remarks>
internal sealed class UpstreamChain : IDisposable
{
    private readonly UpstreamRoutes _routes;
    private readonly TrafficWindow _traffic;
    private readonly IReadOnlyList<UpstreamLink> _links;

    public UpstreamChain(
        IOptions<UpstreamsOptions> options,
        Logins logins,
        TimeProvider time,
        ProxyMetrics metrics,
        ILogger<UpstreamChain> logger,
        UpstreamRoutes routes,
        RegionModules direct)
        : this(routes, entry => entry.Kind is GoProxyEntryKind.Direct ? new DirectUpstream(direct, logins, options, time) : CreateUpstream(entry, options, logins, time), options, time, metrics, logger, Random.Shared.NextDouble)
    {
    }

    /// <summary>A chain whose upstreams and randomness are given; for tests.</summary>
    internal UpstreamChain(
        UpstreamRoutes routes,
        Func<GoProxyEntry, IUpstream> create,
        IOptions<UpstreamsOptions> options,
        TimeProvider time,
        ProxyMetrics metrics,
        ILogger<UpstreamChain> logger,
        Func<double> random)
    {
        _routes = routes;
        _traffic = metrics.Traffic;
        _links = [.. routes.Entries.Select(entry =>
            new UpstreamLink(create(entry), entry.PassesAnyFailure, options.Value, time, metrics, logger, random))];
        metrics.ObserveWaiting(() => _links.Where(static link => link.IsRemote).Select(static link => new Measurement<int>(
            link.Waiting, new KeyValuePair<string, object?>("upstream", link.Name))));
        metrics.ObserveBreakers(() => _links.Where(static link => link.IsRemote).Select(static link => new Measurement<int>(
            UpstreamBreaker.Figure(link.Status.State), new KeyValuePair<string, object?>("upstream", link.Name))));
    }

    /// <summary>How each upstream stands, in the order of the list; the word <c>off</c> is left out.</summary>
    public IReadOnlyList<UpstreamStatus> Statuses => [.. _links.Where(static link => link.Name is not "off").Select(static link => link.Status)];

    /// <summary>Requests that wait for some upstream's turn.</summary>
    public int Waiting => _links.Sum(static link => link.Waiting);

    /// <summary>
    /// Walks the chain until <paramref name="consume"/> makes a value of an answer. It is given the answer and the token
    /// to read with, and may be called again, for another try or another upstream.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public async Task<Outcome<T>> FetchAsync<T>(
        UpstreamRequest request, Func<UpstreamAnswer, CancellationToken, Task<Outcome<T>>> consume, CancellationToken ct)
        where T : notnull
    {
        var failures = new List<(string, Failure)>(_links.Count);
        var (wasAsked, metOutage) = (false, false);
        for (var i = 0; i < _links.Count; i++)
        {
            if (!_routes.Of(i, request.Resource.Path, request.Rewrite).MayAsk)
                continue;

            var link = _links[i];
            var answer = await link.AskAsync(request, consume, ct);
            wasAsked |= answer.WasAsked;
            if (answer.Outcome.Failure is not { } failure || answer.IsOurs)
            {
                Count(wasAsked, metOutage: false);
                return answer.Outcome;
            }

            metOutage |= answer.WasAsked && !link.StandsForMany && failure.Kind is FailureKind.UpstreamUnavailable or FailureKind.UpstreamTimeout;
            failures.Add((link.Name, failure));
            if (!failure.IsProvenAbsence && !link.PassesAnyFailure)
                break;
        }

        if (failures.Count == 0)
            return _routes.WhyNobody(request.Resource, request.Rewrite);

        Count(wasAsked, metOutage);
        return FailureChoice.MostUseful(failures);
    }

    // For health reports: a request is one, however many tries and upstreams it took, and what our own breakers kept back
    // is none.
    private void Count(bool wasAsked, bool metOutage)
    {
        if (wasAsked)
            _traffic.CountFetch(metOutage);
        else
            _traffic.CountKeptBack();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var link in _links)
            link.Dispose();
    }

    /// <summary>The upstream that an entry of the list names, unless that is <c>direct</c>.</summary>
    internal static IUpstream CreateUpstream(
        GoProxyEntry entry, IOptions<UpstreamsOptions> options, Logins logins, TimeProvider time) => entry.Kind switch
        {
            GoProxyEntryKind.Http => new HttpUpstream(entry, logins, options, time),
            GoProxyEntryKind.File => new FileUpstream(entry, options, time),
            _ => new OffUpstream(),
        };
}
