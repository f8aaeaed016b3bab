using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;

namespace ProxyCluster.Lines;

/// <summary>
/// Signed calls to other members. Each call names its whole meaning in its target, which the signature covers; a member
/// whose clock is off learns the receiver's time from the refusal and signs once more.
/// <para>
/// Nothing proves an answer to come from the member, least of all a refusal. So the time that one names is believed for
/// the one repetition only, and only within a day of ours; it is kept for later calls once a call signed by it was let in.
/// Whatever is answered, the caller gets an outcome.
/// </para>
/// </summary>
internal sealed class PeerCalls : IDisposable
{
    /// <summary>Path under which members answer each other, and nobody else.</summary>
    public const string Prefix = "/-/cluster/v1/";

    /// <summary>On a refusal for its time: the receiver's clock, Unix milliseconds.</summary>
    public const string TimeHeader = "X-ProxyCluster-Time";

    private const int MaxConnects = 10;

    private static readonly TimeSpan MaxClockDifference = TimeSpan.FromDays(1);

    private readonly ClusterSecret _secret;
    private readonly ClusterSelf _self;
    private readonly Pulse _pulse;
    private readonly TimeSpan _hedgeDelay;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _near;
    private readonly HttpMessageInvoker _passingOn;
    private readonly HttpMessageInvoker _far;
    private readonly ConcurrentDictionary<string, TimeSpan> _clockDifferences = new(StringComparer.Ordinal);

    public PeerCalls(
        ClusterSecret secret,
        ClusterSelf self,
        PeerCertificates certificates,
        Pulse pulse,
        IOptions<PeerOptions> options,
        IOptions<ClusteringOptions> cluster,
        TimeProvider clock)
    {
        _secret = secret;
        _self = self;
        _pulse = pulse;
        _hedgeDelay = options.Value.HedgeDelay;
        _clock = clock;
        _near = Connect(options.Value, certificates, null, OutgoingConnection.ConnectAsync);
        _passingOn = Connect(options.Value, certificates, null, OutgoingConnection.ConnectToPassOnAsync);
        _far = cluster.Value.Gateway is { } gateway ? Connect(options.Value, certificates, gateway, OutgoingConnection.ConnectAsync) : _near;
    }

    /// <summary>
    /// Sends a call to <paramref name="peer"/> and gives its answer as soon as the headers are in. The caller disposes it.
    /// </summary>
    /// <param name="peer">Who.</param>
    /// <param name="method">GET, HEAD or POST.</param>
    /// <param name="target">Path and query, as signed.</param>
    /// <param name="addHeaders">Headers that the signature does not cover, such as <c>Range</c>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <param name="body">Body of a POST, as signed.</param>
    public async Task<Outcome<HttpResponseMessage>> SendAsync(
        Member peer, HttpMethod method, string target, Action<HttpRequestMessage>? addHeaders, CancellationToken cancel, byte[]? body = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (outcome, isConnected) = await TrySendAsync(peer, method, target, addHeaders, body, cancel);

            // A peer that talks on its other connections has no room for one more in this moment: a burst can fill the
            // queue in which its kernel keeps new ones.
            if (isConnected || attempt == MaxConnects || _pulse.Since(peer.Id) >= _hedgeDelay)
                return outcome;
        }
    }

    private async Task<(Outcome<HttpResponseMessage> Outcome, bool IsConnected)> TrySendAsync(
        Member peer, HttpMethod method, string target, Action<HttpRequestMessage>? addHeaders, byte[]? body, CancellationToken cancel)
    {
        try
        {
            var response = await SendOnceAsync(peer, method, target, addHeaders, body, _clockDifferences.GetValueOrDefault(peer.Id), cancel);
            if (response.StatusCode == HttpStatusCode.Unauthorized && ClockDifferenceOrNull(response) is { } difference)
            {
                response.Dispose();
                response = await SendOnceAsync(peer, method, target, addHeaders, body, difference, cancel);
                if (!IsRefusal(response))
                    _clockDifferences[peer.Id] = difference;
            }

            if (!IsRefusal(response))
                return (response, true);

            response.Dispose();
            return (Unavailable(peer, "it does not accept our credentials; do all members have the same secret file and clocks within a day?"), true);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable })
        {
            // Ours: the peer was not even asked.
            return (new Failure(FailureKind.Overloaded, $"no connection to {peer.Id} could be opened here: {e.Message}"), true);
        }
        catch (HttpRequestException e) when (e.InnerException is not (OperationCanceledException or TimeoutException))
        {
            return (Unavailable(peer, e.Message), true);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return (Unavailable(peer, "it took no connection in time"), false);
        }
    }

    public void Dispose()
    {
        _near.Dispose();
        _passingOn.Dispose();
        _far.Dispose();
    }

    /// <summary>The failure of a peer that could not be used.</summary>
    public static Failure Unavailable(Member peer, string why) =>
        new(FailureKind.PeerUnavailable, $"{peer.Id} at {peer.Address.Authority} could not be used: {why}");

    private Task<HttpResponseMessage> SendOnceAsync(
        Member peer, HttpMethod method, string target, Action<HttpRequestMessage>? addHeaders, byte[]? body, TimeSpan clockDifference, CancellationToken cancel)
    {
        // The target must reach the peer byte by byte as it was signed; Uri would normalise it.
        var request = new HttpRequestMessage(method, new Uri($"{peer.Address.Scheme}://{peer.Address.Authority}{target}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var time = _clock.GetUtcNow() + clockDifference;
        var signature = PeerSignature.Sign(_secret.Bytes, _self.Member.Id, time, method.Method, peer.Address.Authority, target, body);
        if (body is not null)
            request.Content = new ByteArrayContent(body);
        request.Headers.TryAddWithoutValidation(PeerSignature.Header, signature.ToString());
        addHeaders?.Invoke(request);

        // Over TLS, a handshake would be made on the socket's thread.
        var way = peer.Region != _self.Region ? _far
            : PeerTarget.IsForward(target) && peer.Address.Scheme == Uri.UriSchemeHttp ? _passingOn
            : _near;
        return way.SendAsync(request, cancel);
    }

    private static HttpMessageInvoker Connect(
        PeerOptions options,
        PeerCertificates certificates,
        Uri? gateway,
        Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) => new(new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = gateway is not null,
            Proxy = gateway is null ? null : new WebProxy(gateway),
            ActivityHeadersPropagator = null,
            ConnectCallback = connect,

            // What a client said is passed on byte by byte. By default a header outside of ASCII throws, and the peer is blamed.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            SslOptions = certificates.ForCalls(),
        });

    // Only members' doors name their time, and only to those whom they refuse.
    private static bool IsRefusal(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && response.Headers.Contains(TimeHeader);

    private TimeSpan? ClockDifferenceOrNull(HttpResponseMessage refusal)
    {
        if (!refusal.Headers.TryGetValues(TimeHeader, out var values)
            || !long.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var theirs)
            || theirs > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return null;

        var difference = DateTimeOffset.FromUnixTimeMilliseconds(theirs) - _clock.GetUtcNow();
        return difference.Duration() <= MaxClockDifference ? difference : null;
    }
}
