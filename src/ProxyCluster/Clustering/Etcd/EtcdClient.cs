using System.Net.Http.Headers;
using System.Text.Json;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// etcd's v3 API over its HTTP/JSON gateway, the part that the engine needs. Every call asks the endpoints in turn, each
/// for <see cref="EtcdOptions.CallTimeout"/> at most, until one of them answers; what goes wrong is a value.
/// <para>
/// A call may have taken effect although it reports <see cref="EtcdErrorKind.Unreachable"/>, or twice when the first
/// endpoint's answer was lost. Callers must be able to tell from what they read afterwards; transactions here read the
/// keys that they could not write, for this.
/// </para>
/// Road not taken: gRPC with generated stubs, which brings four packages and a code generator for seven calls.
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

    /// <summary>Reads keys, as of a moment after this call began (linearizable).</summary>
    /// <param name="request">Which keys.</param>
    /// <param name="only">The one endpoint to ask; null for any.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<EtcdResult<EtcdRangeResponse>> RangeAsync(EtcdRangeRequest request, Uri? only, CancellationToken cancel) =>
        CallAsync<EtcdRangeResponse>("/v3/kv/range", request, only, cancel);

    /// <summary>Writes a key that lives as long as the lease.</summary>
    public Task<EtcdResult<EtcdPutResponse>> PutAsync(byte[] key, byte[] value, long lease, CancellationToken cancel) =>
        CallAsync<EtcdPutResponse>("/v3/kv/put", new EtcdPutRequest(key, value, lease), null, cancel);

    /// <summary>Does one of two things, depending on revisions, at once.</summary>
    public Task<EtcdResult<EtcdTxnResponse>> TxnAsync(EtcdTxnRequest request, CancellationToken cancel) =>
        CallAsync<EtcdTxnResponse>("/v3/kv/txn", request, null, cancel);

    /// <summary>A new lease; etcd may make it longer than asked for.</summary>
    public Task<EtcdResult<EtcdLease>> GrantLeaseAsync(TimeSpan ttl, CancellationToken cancel) =>
        CallAsync<EtcdLease>("/v3/lease/grant", new EtcdLeaseRequest(Ttl: (long)Math.Ceiling(ttl.TotalSeconds)), null, cancel);

    /// <summary>Renews a lease to its full time.</summary>
    public async Task<EtcdResult<EtcdLease>> KeepLeaseAsync(long id, CancellationToken cancel)
    {
        // A stream on etcd's side; with one request in the body it is one line of answer.
        var answer = await CallAsync<EtcdStreamLine<EtcdLease>>("/v3/lease/keepalive", new EtcdLeaseRequest(Id: id), null, cancel);
        if (!answer.TryGet(out var line, out var error))
            return error;
        return line.Result is { Ttl: > 0 } lease
            ? lease
            : new EtcdError(EtcdErrorKind.LeaseNotFound, "etcd does not know the lease any more");
    }

    /// <summary>Ends a lease and deletes its keys.</summary>
    public Task<EtcdResult<EtcdRevokeResponse>> RevokeLeaseAsync(long id, CancellationToken cancel) =>
        CallAsync<EtcdRevokeResponse>("/v3/lease/revoke", new EtcdLeaseRequest(Id: id), null, cancel);

    /// <summary>How one endpoint is: its version, and the leader it knows.</summary>
    public Task<EtcdResult<EtcdStatus>> StatusAsync(Uri endpoint, CancellationToken cancel) =>
        CallAsync<EtcdStatus>("/v3/maintenance/status", new object(), endpoint, cancel);

    /// <summary>Follows the keys from <paramref name="key"/> up to <paramref name="rangeEnd"/>, beginning with a revision.</summary>
    public async Task<EtcdResult<EtcdWatch>> WatchAsync(
        byte[] key, byte[] rangeEnd, long fromRevision, Uri endpoint, CancellationToken cancel)
    {
        var request = new EtcdWatchRequest(new EtcdWatchCreateRequest(key, rangeEnd, fromRevision, ProgressNotify: true));
        return await WithTokenAsync(endpoint, async token =>
        {
            EtcdWatch? watch = null;
            var opened = await LimitAsync<EtcdWatch>(endpoint, async limited =>
            {
                var response = await _http.SendAsync(
                    Message(endpoint, "/v3/watch", request, token), HttpCompletionOption.ResponseHeadersRead, limited);
                if (!response.IsSuccessStatusCode)
                {
                    using (response)
                        return EtcdErrors.FromAnswer(endpoint, (int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(limited));
                }

                watch = new EtcdWatch(endpoint, response, await response.Content.ReadAsStreamAsync(limited), _time);
                return await watch.ConfirmAsync(limited) is { } refusal ? refusal : watch;
            }, cancel);
            if (opened.Error is not null)
                watch?.Dispose();
            return opened;
        }, cancel);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<EtcdResult<T>> CallAsync<T>(string path, object body, Uri? only, CancellationToken cancel)
        where T : class
    {
        EtcdResult<T> result = new EtcdError(EtcdErrorKind.Unreachable, "no etcd endpoint is configured");
        foreach (var endpoint in only is null ? Endpoints.InOrder() : [only])
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
        return answer is null or EtcdStreamLine<EtcdLease> { Result: null }
            ? EtcdErrors.FromAnswer(endpoint, (int)response.StatusCode, bytes)
            : answer;
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
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
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
