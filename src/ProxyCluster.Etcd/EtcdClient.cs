using System.Net.Http.Headers;
using System.Text.Json;

namespace ProxyCluster.Etcd;

/// <summary>
/// etcd's v3 API over its HTTP/JSON gateway, the part that a membership table and a storage need. Every call asks the
/// endpoints in turn, each for <see cref="EtcdOptions.CallTimeout"/> at most, until one of them answers; what goes wrong is
/// a value.
/// <para>
/// A call may have taken effect although it reports <see cref="EtcdErrorKind.Unreachable"/>, and a transaction may be
/// refused because of its own first attempt, whose answer was lost. Transactions read what they could not write, so that
/// callers can tell.
/// </para>
/// Road not taken: gRPC. The clients there are rotate over their endpoints and wait for a frozen one each time, and
/// generated stubs bring four packages for four calls.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    // The last token that etcd gave; replaced whole. Two calls that renew it at once get two tokens, both good.
    private volatile string? _token;

    /// <param name="options">Endpoints, credentials and limits.</param>
    /// <param name="time">Measures the limits.</param>
    /// <param name="transport">The connections; disposed with the client.</param>
    public EtcdClient(EtcdOptions options, TimeProvider time, HttpMessageHandler transport)
    {
        _options = options;
        _time = time;
        _http = new HttpClient(transport) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 64 << 20 };
        Endpoints = new EtcdEndpoints(options.Endpoints, time);
    }

    /// <summary>The endpoints and how they fared.</summary>
    public EtcdEndpoints Endpoints { get; }

    /// <summary>Reads keys, all as of one moment after this call began (linearizable).</summary>
    public Task<EtcdResult<EtcdRangeResponse>> RangeAsync(EtcdRangeRequest request, CancellationToken cancel) =>
        CallAsync<EtcdRangeResponse>("/v3/kv/range", request, cancel);

    /// <summary>Does one of two things, depending on revisions, at once.</summary>
    public Task<EtcdResult<EtcdTxnResponse>> TxnAsync(EtcdTxnRequest request, CancellationToken cancel) =>
        CallAsync<EtcdTxnResponse>("/v3/kv/txn", request, cancel);

    /// <summary>Deletes keys.</summary>
    public Task<EtcdResult<EtcdDeleteResponse>> DeleteAsync(EtcdDeleteRequest request, CancellationToken cancel) =>
        CallAsync<EtcdDeleteResponse>("/v3/kv/deleterange", request, cancel);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<EtcdResult<T>> CallAsync<T>(string path, object body, CancellationToken cancel)
        where T : class
    {
        EtcdResult<T> result = new EtcdError(EtcdErrorKind.Unreachable, "no etcd endpoint is configured");
        foreach (var endpoint in Endpoints.InOrder())
        {
            result = await WithTokenAsync(endpoint, token => LimitAsync(endpoint,
                limited => PostAsync<T>(endpoint, path, body, token, limited), cancel), cancel);
            if (result.Error is not { Kind: EtcdErrorKind.Unreachable })
            {
                // An error is an answer too: another endpoint of the same etcd would say the same.
                Endpoints.Worked(endpoint);
                return result;
            }

            Endpoints.Failed(endpoint);
        }

        return result;
    }

    /// <summary>Runs a call with the present token, and once more with a new one when etcd does not know it any more.</summary>
    private async Task<EtcdResult<T>> WithTokenAsync<T>(Uri endpoint, Func<string?, Task<EtcdResult<T>>> call, CancellationToken cancel)
        where T : class
    {
        if (_options.User.Length == 0)
            return await call(null);
        var token = _token;
        if (token is not null && await call(token) is { Error: not { Kind: EtcdErrorKind.Unauthenticated } } answered)
            return answered;

        var credentials = new EtcdAuthenticateRequest(_options.User, _options.Password);
        var authenticated = await LimitAsync(endpoint,
            limited => PostAsync<EtcdAuthenticateResponse>(endpoint, "/v3/auth/authenticate", credentials, null, limited), cancel);
        if (!authenticated.TryGet(out var answer, out var error))
            return error;
        _token = answer.Token;
        return await call(answer.Token);
    }

    private async Task<EtcdResult<T>> PostAsync<T>(Uri endpoint, string path, object body, string? token, CancellationToken limited)
        where T : class
    {
        using var response = await _http.SendAsync(Message(endpoint, path, body, token), limited);
        var bytes = await response.Content.ReadAsByteArrayAsync(limited);
        if (!response.IsSuccessStatusCode)
            return EtcdErrors.FromAnswer(endpoint, (int)response.StatusCode, bytes);
        var answer = JsonSerializer.Deserialize<T>(bytes, EtcdJson.Options);
        return answer is null ? EtcdErrors.FromAnswer(endpoint, (int)response.StatusCode, bytes) : answer;
    }

    /// <summary>Turns what can go wrong on the way into an error, our own time limit included.</summary>
    private async Task<EtcdResult<T>> LimitAsync<T>(Uri endpoint, Func<CancellationToken, Task<EtcdResult<T>>> call, CancellationToken cancel)
        where T : class
    {
        using var timeout = new CancellationTokenSource(_options.CallTimeout, _time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        try
        {
            return await call(limited.Token);
        }
        catch (OperationCanceledException e)
        {
            // Whoever cancelled looks for a token of theirs.
            if (cancel.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancel);
            return EtcdErrors.Unreachable(endpoint, $"did not answer within {_options.CallTimeout.TotalMilliseconds:0} ms");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return EtcdErrors.Unreachable(endpoint, $"cannot be reached: {e.Message}");
        }
        catch (JsonException e)
        {
            return EtcdErrors.Unreachable(endpoint, $"answered something that is not etcd's: {e.Message}");
        }
    }

    private static HttpRequestMessage Message(Uri endpoint, string path, object body, string? token)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, path))
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), EtcdJson.Options)),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        // The bare token, without a scheme: etcd's gateway hands the header through as it is.
        if (token is not null)
            message.Headers.TryAddWithoutValidation("Authorization", token);
        return message;
    }
}
