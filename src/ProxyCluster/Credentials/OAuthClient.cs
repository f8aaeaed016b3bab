using System.Net;
using System.Text.Json;
using ProxyCluster.Sockets;

namespace ProxyCluster.Credentials;

/// <summary>
/// Asks identity providers. Their redirects are not followed, what is not encrypted stays on this machine, and of what they
/// answer only known words are shown.
/// </summary>
internal sealed class OAuthClient : IDisposable
{
    private const int MaxAnswer = 256 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _http;

    public OAuthClient(TimeProvider clock, HttpMessageHandler? handler = null)
    {
        _clock = clock;
        _http = new HttpMessageInvoker(handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            Proxy = OutboundProxy.OfEnvironment,
            ActivityHeadersPropagator = null,
            ConnectCallback = OutgoingConnection.ConnectAsync,
        });
    }

    /// <summary>Posts a form.</summary>
    public Task<OAuthAnswer> PostAsync(Uri endpoint, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancel) =>
        AskAsync(new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(form) }, cancel);

    /// <summary>The endpoints of a provider: as configured, else as it publishes them (OpenID Connect Discovery §4).</summary>
    public async Task<(OAuthEndpoints? Endpoints, string? Fault)> EndpointsAsync(OAuthOptions options, CancellationToken cancel)
    {
        if (options is { DeviceEndpoint.Length: > 0, TokenEndpoint.Length: > 0 })
            return (new(new Uri(options.DeviceEndpoint), new Uri(options.TokenEndpoint), null), null);

        var issuer = options.Issuer.TrimEnd('/');
        var answer = await AskAsync(new HttpRequestMessage(HttpMethod.Get, issuer + "/.well-known/openid-configuration"), cancel);
        if (answer.Fault is not null || answer.Error is not null)
            return (null, answer.Fault ?? $"{issuer} publishes no configuration ({answer.Error})");
        if (answer["issuer"]?.TrimEnd('/') != issuer)
            return (null, $"{issuer} publishes the configuration of another issuer");
        return (options.DeviceEndpoint.Length > 0 ? options.DeviceEndpoint : answer["device_authorization_endpoint"],
                options.TokenEndpoint.Length > 0 ? options.TokenEndpoint : answer["token_endpoint"]) switch
        {
            ({ } device, { } token) when IsEndpoint(device) && IsEndpoint(token) => (
                new(new Uri(device), new Uri(token), answer["revocation_endpoint"] is { } revocation && IsEndpoint(revocation) ? new Uri(revocation) : null), null),
            _ => (null, $"{issuer} publishes no endpoints for devices and tokens with https"),
        };
    }

    /// <summary>Has the provider take tokens back (RFC 7009); why it has not, or null.</summary>
    public async Task<string?> RevokeAsync(OAuthOptions options, OAuthTokens tokens, CancellationToken cancel)
    {
        var (endpoints, fault) = await EndpointsAsync(options, cancel);
        if (endpoints is null)
            return fault;
        if (endpoints.Revocation is not { } revocation)
            return "the provider names no endpoint for that";

        // What gets the next ones first: of some providers the others end with it.
        foreach (var (token, hint) in ((string?, string)[])[(tokens.RefreshToken, "refresh_token"), (tokens.AccessToken, "access_token")])
        {
            if (token is null)
                continue;
            var answer = await PostAsync(revocation, [.. options.Client(), new("token", token), new("token_type_hint", hint)], cancel);

            // What a good answer says besides does not count (§2.2); and a provider may keep to the one kind of token.
            if (!answer.IsGood && answer.Error is not "unsupported_token_type")
                return answer.Error ?? answer.Fault;
        }

        return null;
    }

    /// <summary>Whether secrets may be sent to an address.</summary>
    public static bool IsEndpoint(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && OutboundProxy.IsThisMachine(url)));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<OAuthAnswer> AskAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var host = request.RequestUri!.Authority;
        using var late = new CancellationTokenSource(Patience, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        using (request)
        {
            try
            {
                request.Headers.Accept.Add(new("application/json"));
                using var response = await _http.SendAsync(request, both.Token);
                using var body = new MemoryStream();
                var stream = await response.Content.ReadAsStreamAsync(both.Token);
                await using (stream.ConfigureAwait(false))
                {
                    var buffer = new byte[4096];
                    for (int count; (count = await stream.ReadAsync(buffer, both.Token)) > 0 && body.Length < MaxAnswer;)
                        body.Write(buffer, 0, count);
                }

                return OAuthAnswer.Read(host, response.StatusCode, body.ToArray());
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return OAuthAnswer.Failed($"{host} did not answer within {Patience.TotalSeconds:0} s");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return OAuthAnswer.Failed($"{host} could not be reached: {(e as HttpRequestException)?.HttpRequestError}");
            }
        }
    }
}

/// <summary>Where a provider is asked.</summary>
/// <param name="Device">For a code.</param>
/// <param name="Token">For tokens.</param>
/// <param name="Revocation">To take them back; null where it names none.</param>
internal sealed record OAuthEndpoints(Uri Device, Uri Token, Uri? Revocation);

/// <summary>What a provider answered.</summary>
internal sealed class OAuthAnswer
{
    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);

    private OAuthAnswer()
    {
    }

    /// <summary>Why there is no answer that says anything; asking again may help. Null where there is.</summary>
    public string? Fault { get; private init; }

    /// <summary>The error's word (RFC 6749 §5.2); null for success.</summary>
    public string? Error { get; private init; }

    /// <summary>It was answered with success, whatever it said.</summary>
    public bool IsGood { get; private init; }

    /// <summary>A text or a number of the answer, or null.</summary>
    public string? this[string name] => _fields.GetValueOrDefault(name);

    /// <summary>No answer.</summary>
    public static OAuthAnswer Failed(string fault) => new() { Fault = fault };

    /// <summary>Reads an answer.</summary>
    public static OAuthAnswer Read(string host, HttpStatusCode status, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && (int)status is (>= 200 and < 300) or (>= 400 and < 500 and not 429))
            {
                var isGood = (int)status < 300;
                var answer = new OAuthAnswer { Error = isGood ? null : Word(json.RootElement, status), IsGood = isGood };
                foreach (var field in json.RootElement.EnumerateObject())
                {
                    if (field.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                        answer._fields[field.Name] = field.Value.ToString();
                }

                return answer;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        return new() { Fault = $"{host} answered {(int)status} with nothing that OAuth knows", IsGood = (int)status is >= 200 and < 300 };
    }

    // Of what a stranger says, only a word is passed on.
    private static string Word(JsonElement answer, HttpStatusCode status) =>
        answer.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String && error.GetString() is { Length: > 0 and < 64 } word
            && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
        ? word
        : $"status {(int)status}";

    /// <summary>The tokens that it holds, given at this time; null where it holds none that are bearer tokens.</summary>
    /// <param name="now">When it came.</param>
    /// <param name="refresh">The refresh token to keep where it gives no new one.</param>
    public OAuthTokens? TokensOrNull(DateTimeOffset now, string? refresh)
    {
        if (this["access_token"] is not { } access || FixedLogin.TokenFaultOrNull(access) is not null
            || !string.Equals(this["token_type"], "bearer", StringComparison.OrdinalIgnoreCase))
            return null;
        var isSaid = int.TryParse(this["expires_in"], out var seconds) && seconds >= 0;
        return new OAuthTokens(access, this["refresh_token"] ?? refresh, now, isSaid ? now.AddSeconds(seconds) : null);
    }
}
