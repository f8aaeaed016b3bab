using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Fetching;

/// <summary>
/// A GOPROXY over http or https. One call is one try: a GET, up to ten redirects, and an answer or a fault.
/// </summary>
/// <remarks>
/// Redirects are followed here rather than by the handler, because the rules are ours: never from https to http, never
/// in a circle, never with credentials to another origin. Compression is not asked for; where it comes nevertheless, the
/// limits of size hold for what it inflates to.
/// </remarks>
internal sealed class HttpUpstream : IUpstream, IDisposable
{
    private const int MaxRedirects = 10;

    private static readonly ProductInfoHeaderValue UserAgent =
        new("ProxyCluster", typeof(HttpUpstream).Assembly.GetName().Version?.ToString(3));

    private readonly Uri _base;
    private readonly NamedPlace _place;
    private readonly UpstreamsOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;

    public HttpUpstream(
        GoProxyEntry entry, Logins logins, IOptions<UpstreamsOptions> options, TimeProvider time, HttpMessageHandler? handler = null)
    {
        Name = entry.DisplayName;
        _base = new Uri(entry.Url!.AbsoluteUri.TrimEnd('/') + "/");
        _place = entry.Place(logins);
        _options = options.Value;
        _time = time;
        _client = new HttpMessageInvoker(handler ?? CreateHandler(options.Value, time, new RedirectGuard([_base], options.Value.AllowPrivateRedirects)));
    }

    public string Name { get; }

    public bool IsRemote => true;

    /// <summary>Pooled connections of one upstream, without cookies, own redirects, decompression or trace headers.</summary>
    internal static SocketsHttpHandler CreateHandler(UpstreamsOptions options, TimeProvider time, RedirectGuard guard) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        Proxy = guard.Proxy,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        MaxConnectionsPerServer = options.MaxConcurrentRequests,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = options.ConnectionLifetime,
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(250),

        // An upstream may think for minutes before it answers; a connection that is no more must not look like that.
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        KeepAlivePingDelay = TimeSpan.FromSeconds(15),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),

        // Trace ids of our clients' requests are none of an upstream's business; the spans are made in the chain.
        ActivityHeadersPropagator = null,
        ConnectCallback = (context, ct) => ConnectAsync(guard, context, options.ConnectTimeout, time, ct),
    };

    /// <inheritdoc/>
    public async Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(_options.FirstByteTimeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await FollowAsync(request, stop.Token, ct);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            // Whoever waited that long is not made to wait so long again.
            return stop.IsCancellationRequested || e.InnerException is not TimeoutException
                ? UpstreamFault.Unreachable(
                    FailureKind.UpstreamTimeout, $"{Name} did not begin to answer within {_options.FirstByteTimeout.TotalSeconds:0.#} s", mayRetry: false)
                : NotConnected();
        }
        catch (HttpRequestException e)
        {
            return FaultOf(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<UpstreamReply> FollowAsync(UpstreamRequest request, CancellationToken headers, CancellationToken ct)
    {
        var url = new Uri(_base, request.Resource.UrlPath);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            if (!seen.Add(url.AbsoluteUri))
                return UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} redirects {request.Resource} in a circle");
            if (seen.Count > MaxRedirects + 1)
                return UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} redirects {request.Resource} more than {MaxRedirects} times");

            var target = url;
            var sent = await _place.SendAsync(_client, () => CreateMessage(target, request), request.Resource.UrlPath, request.Resource.Path, headers);
            if (sent.Response is not { } response)
                return UpstreamFault.Final(FailureKind.UpstreamUnavailable, $"{Name} was not asked for {request.Resource}: {sent.Trouble}");
            var keep = false;
            try
            {
                Describe(url, response.StatusCode, seen.Count - 1);
                if (response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                {
                    if (!TryRedirect(url, response, out var next, out var fault))
                        return fault!;
                    url = next!;
                    continue;
                }

                var reply = await ReadAsync(request, response, sent.HadLogin, headers, ct);
                keep = reply.Answer is { NotModified: false };
                return reply;
            }
            finally
            {
                if (!keep)
                    response.Dispose();
            }
        }
    }

    private HttpRequestMessage CreateMessage(Uri url, UpstreamRequest request)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.UserAgent.Add(UserAgent);
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (ValidatorsFor(request) is { } validators)
        {
            if (validators.ETag is not null)
                message.Headers.TryAddWithoutValidation("If-None-Match", validators.ETag);
            message.Headers.IfModifiedSince = validators.LastModified;
        }

        return message;
    }

    private async Task<UpstreamReply> ReadAsync(
        UpstreamRequest request, HttpResponseMessage response, bool hadLogin, CancellationToken headers, CancellationToken ct)
    {
        if (response.StatusCode is HttpStatusCode.NotModified && ValidatorsFor(request) is { } validators)
            return UpstreamAnswer.Unchanged(Name, validators);

        var content = response.Content.Headers;
        if (response.StatusCode is not HttpStatusCode.OK)
        {
            var text = await UpstreamErrorText.ReadOrNullAsync(response.Content, headers);
            ct.ThrowIfCancellationRequested();
            return HttpVerdict.FaultOf(new HttpVerdict.Facts(
                Name, request.Resource, response.StatusCode, text, RetryAfterOrNull(response), hadLogin));
        }

        var limits = _options.BodyLimitsOf(request);
        var type = content.ContentType?.MediaType;
        var fault = HttpVerdict.FaultOfHeadersOrNull(
            Name, request.Resource, type, ContentCoding.UnreadableOrNull(content), content.ContentLength, limits.MaxBytes);
        if (fault is not null)
            return fault;

        var length = ContentCoding.IsGzip(content) ? null : content.ContentLength;
        var body = new UpstreamBody(await ContentCoding.OpenAsync(response.Content, ct), Name, length, limits, _time, ct);
        return new UpstreamAnswer(Name, body, response)
        {
            Length = length,
            ETag = response.Headers.TryGetValues("ETag", out var tags) ? tags.FirstOrDefault() : null,
            LastModified = content.LastModified,
            ContentType = type,
        };
    }

    private bool TryRedirect(Uri from, HttpResponseMessage response, out Uri? target, out UpstreamFault? fault)
    {
        target = null;
        if (response.Headers.Location is not { } location || !Uri.TryCreate(from, location, out var url))
        {
            fault = UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} redirects to nowhere ({(int)response.StatusCode})");
            return false;
        }

        // Queries of redirect targets are often signatures, and userinfo is a password: neither is shown.
        var shown = $"{url.Scheme}://{url.Authority}";
        fault = url.Scheme is not ("https" or "http")
            ? UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} redirects to the scheme \"{url.Scheme}\"")
            : from.Scheme == Uri.UriSchemeHttps && url.Scheme == Uri.UriSchemeHttp
            ? UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} redirects from https to {shown}, which is refused")
            : null;
        if (fault is not null)
            return false;

        target = url.UserInfo.Length == 0 ? url : new UriBuilder(url) { UserName = "", Password = "" }.Uri;
        return true;
    }

    private UpstreamFault FaultOf(HttpRequestException e)
    {
        if (e.InnerException is TimeoutException || e.InnerException?.InnerException is TimeoutException)
            return NotConnected();

        if (e.InnerException is RedirectRefusedException refused)
            return UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name}: {refused.Message}");

        var reason = e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "its name could not be resolved",
            HttpRequestError.SecureConnectionError => $"no TLS connection ({e.InnerException?.Message ?? "handshake failed"})",
            HttpRequestError.ProxyTunnelError => "the outbound proxy refused the connection",
            HttpRequestError.ConnectionError => e.InnerException is SocketException socket
                ? $"no connection ({socket.SocketErrorCode})" : "no connection",
            _ => null,
        };
        if (reason is not null)
            return UpstreamFault.NoConnection(FailureKind.UpstreamUnavailable, $"{Name} cannot be reached: {reason}");

        // What HTTP/2 says by a reset stream or a GOAWAY, HTTP/1.1 says by closing: neither is an answer. Nor is an HTTP/2 connection that
        // broke before its first frame, which .NET calls an invalid response, around what really happened.
        return e is not { InnerException: HttpIOException { InnerException: IOException } } && e.HttpRequestError is HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded
            ? UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} answered with something that is not HTTP as we know it")
            : UpstreamFault.Unreachable(FailureKind.UpstreamUnavailable, $"{Name} cannot be reached: the connection broke before an answer came");
    }

    private UpstreamFault NotConnected() => UpstreamFault.NoConnection(
        FailureKind.UpstreamTimeout, $"{Name} could not be connected to within {_options.ConnectTimeout.TotalSeconds:0.#} s");

    private UpstreamValidators? ValidatorsFor(UpstreamRequest request) =>
        request.Validators is { } validators && validators.Upstream == Name && (validators.ETag ?? (object?)validators.LastModified) is not null
            ? validators
            : null;

    private TimeSpan? RetryAfterOrNull(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not { } header ? null : header.Delta ?? (header.Date - _time.GetUtcNow());

    private static void Describe(Uri url, HttpStatusCode status, int redirects)
    {
        if (Activity.Current is not { IsAllDataRequested: true } span || span.Source.Name != Tracing.SourceName)
            return;

        span.SetTag("http.response.status_code", (int)status);
        span.SetTag("url.full", url.GetLeftPart(UriPartial.Path));
        span.SetTag("server.address", url.IdnHost);
        span.SetTag("server.port", url.Port);
        if (redirects > 0)
            span.SetTag("proxycluster.redirects", redirects);
    }

    private static async ValueTask<Stream> ConnectAsync(RedirectGuard guard, SocketsHttpConnectionContext context, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await guard.ConnectAsync(context, stop.Token);
        }
        catch (OperationCanceledException e) when (timer.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new TimeoutException("connect", e);
        }
    }
}
