using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ProxyCluster.Routing;
using ProxyCluster.Sockets;

namespace ProxyCluster.Failover;

/// <summary>
/// Tells a webhook, by POST; any 2xx means that it was understood. With a secret every try is signed afresh:
/// <c>X-ProxyCluster-Timestamp</c> holds Unix seconds and <c>X-ProxyCluster-Signature</c> <c>v1=HEX</c>, the HMAC-SHA-256
/// over <c>v1.TIMESTAMP.BODY</c>. A receiver refuses old timestamps and remembers <c>X-ProxyCluster-Event</c>, because an
/// event may come twice.
/// </summary>
internal sealed class WebhookReceiver : IEventReceiver, IDisposable
{
    private readonly WebhookOptions _webhook;
    private readonly TimeSpan _limit;
    private readonly string _cluster;
    private readonly Func<Uri> _member;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        Proxy = OutboundProxy.OfEnvironment,
        ActivityHeadersPropagator = null,
        ConnectCallback = OutgoingConnection.ConnectAsync,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    });

    /// <param name="index">Its place in the list, to tell two at one host apart.</param>
    /// <param name="webhook">Where and how.</param>
    /// <param name="limit">For one try.</param>
    /// <param name="cluster">Name of the cluster.</param>
    /// <param name="member">Where operators reach the member that tells.</param>
    /// <param name="clock">Signs and limits.</param>
    public WebhookReceiver(int index, WebhookOptions webhook, TimeSpan limit, string cluster, Func<Uri> member, TimeProvider clock)
    {
        _webhook = webhook;
        _limit = limit;
        _cluster = cluster;
        _member = member;
        _clock = clock;
        Name = string.Create(CultureInfo.InvariantCulture, $"webhook {index} ({webhook.Url?.Host ?? Path.GetFileName(webhook.UrlFile)})");
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public async Task<string?> TellAsync(RoutingEvent change, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(_limit, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            if (await UrlOrNullAsync(both.Token) is not { } url)
                return $"{_webhook.UrlFile} holds no address of http or https";
            using var request = await CreateAsync(url, change, both.Token);
            using var response = await _http.SendAsync(request, both.Token);
            return response.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"it answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "it did not answer in time";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The signature of a body.</summary>
    internal static string Sign(ReadOnlySpan<byte> secret, string timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        mac.AppendData(Encoding.UTF8.GetBytes($"v1.{timestamp}."));
        mac.AppendData(body);
        return "v1=" + Convert.ToHexStringLower(mac.GetHashAndReset());
    }

    // Read for every try, like the secret.
    private async Task<Uri?> UrlOrNullAsync(CancellationToken cancel) =>
        _webhook.Url ?? (Uri.TryCreate((await File.ReadAllTextAsync(_webhook.UrlFile, cancel)).Trim(), UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https" ? url : null);

    private async Task<HttpRequestMessage> CreateAsync(Uri url, RoutingEvent change, CancellationToken cancel)
    {
        var body = _webhook.Format == WebhookFormat.Slack
            ? JsonSerializer.SerializeToUtf8Bytes(
                new SlackMessage(EventWords.Chat(change, _cluster, _member())), FailoverJson.Default.SlackMessage)
            : JsonSerializer.SerializeToUtf8Bytes(
                new EventMessage(1, _cluster, change, EventWords.UndoOrNull(change, _member())), FailoverJson.Default.EventMessage);
        var timestamp = _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-ProxyCluster-Event", change.Id.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("X-ProxyCluster-Timestamp", timestamp);
        if (_webhook.SecretFile.Length > 0)
        {
            // Read for every try: a secret that was replaced is in use at once.
            var secret = Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(_webhook.SecretFile, cancel)).Trim());
            request.Headers.Add("X-ProxyCluster-Signature", Sign(secret, timestamp, body));
        }

        return request;
    }
}
