using System.Globalization;
using System.Net;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.TransparencyLog;
using ProxyCluster.Sockets;

namespace ProxyCluster.Verification;

/// <summary>
/// Asks a checksum database over HTTP. It knows nothing of proofs: it bounds what an answer may cost in time and bytes,
/// retries what may pass, and tells "there is no such thing" (404, 410) from everything else.
/// </summary>
/// <remarks>
/// As <c>go</c> does, it goes through an upstream that says it serves the database (<c>supported</c>), unless the setting
/// has a URL of its own. Unlike <c>go</c> it still goes straight while that upstream has an outage: what comes is proven
/// whoever sends it.
/// </remarks>
internal sealed class HttpChecksumDatabaseSource(
    HttpMessageInvoker http, string name, NamedPlace straight, IReadOnlyList<NamedPlace> upstreams, VerificationOptions options, TimeProvider clock)
    : IChecksumDatabaseRemote
{
    private const int MaxRedirects = 5;
    private const int MaxNote = 64 * 1024;
    private const int MaxLookup = 256 * 1024;
    private const int MaxDataTile = 8 * 1024 * 1024;
    private const int MaxErrorText = 512;

    // How long an upstream is passed over after an outage; no less than an outage costs one who waits for it.
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    // Longest wish that is passed on: a date is read by our clock, which may be wrong by years.
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    private readonly Detour[] _detours = [.. upstreams.Select(upstream => new Detour(upstream.Below($"sumdb/{name}")))];

    /// <summary>The handler that goes with these options; redirects are followed here, not there.</summary>
    public static SocketsHttpHandler Handler(VerificationOptions options, RedirectGuard guard) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        ConnectTimeout = options.ConnectTimeout,
        MaxResponseHeadersLength = 64,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
        RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8,
        Proxy = guard.Proxy,
        ConnectCallback = guard.ConnectAsync,
    };

    public async ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken)
    {
        foreach (var detour in _detours)
        {
            if (!await IsOpenAsync(detour, cancellationToken).ConfigureAwait(false))
                continue;
            var read = await ReadAsync(detour.Way, path, cancellationToken).ConfigureAwait(false);
            if (read.Status != RemoteStatus.Unavailable)
                return read;
            detour.FailedAt = clock.GetTimestamp();
            break;
        }

        return await ReadAsync(straight, path, cancellationToken).ConfigureAwait(false);
    }

    // Asked once; only a clear answer is remembered.
    private async Task<bool> IsOpenAsync(Detour detour, CancellationToken cancellationToken)
    {
        if (detour.FailedAt is { } failed && clock.GetElapsedTime(failed) < Rest)
            return false;
        if (detour.Serves is { } known)
            return known;

        var (read, _) = await TryReadAsync(detour.Way, "supported", MaxNote, cancellationToken).ConfigureAwait(false);
        detour.FailedAt = read.Status == RemoteStatus.Unavailable ? clock.GetTimestamp() : null;
        detour.Serves = read.Status switch
        {
            RemoteStatus.Found => true,
            RemoteStatus.NotFound => false,
            _ => null,
        };
        return detour.Serves == true;
    }

    private async Task<RemoteRead> ReadAsync(NamedPlace way, string path, CancellationToken cancellationToken)
    {
        var limit = MaxBytes(path);
        for (var attempt = 1; ; attempt++)
        {
            var (read, mayPass) = await TryReadAsync(way, path, limit, cancellationToken).ConfigureAwait(false);
            if (!mayPass || attempt >= options.Attempts)
                return read;

            var pause = read.RetryAfter ?? Backoff(attempt);
            if (pause > options.MaxRetryDelay)
                return read;
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private static int MaxBytes(string path) => path.StartsWith("lookup/", StringComparison.Ordinal)
        ? MaxLookup
        : Tile.TryParse(path, out var tile) ? tile.IsData ? MaxDataTile : tile.ByteLength : MaxNote;

    private async Task<(RemoteRead Read, bool MayPass)> TryReadAsync(
        NamedPlace way, string path, int limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource total = new(options.RequestTimeout, clock);
        using CancellationTokenSource firstByte = new(options.FirstByteTimeout, clock);
        using var head = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, total.Token, firstByte.Token);
        using var body = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, total.Token);
        try
        {
            var target = way.At(path);
            for (var redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                var at = target;
                var sent = await way.SendAsync(http, () => RequestTo(at), path, module: null, head.Token).ConfigureAwait(false);
                if (sent.Response is null)
                    return (RemoteRead.Unavailable($"{way.Url.Host} was not asked: {sent.Trouble}"), false);
                using var response = sent.Response;
                if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                {
                    return await ReadAnswerAsync(way.Url.Host, response, limit, body.Token).ConfigureAwait(false);
                }

                if (response.Headers.Location is not { } location || !MayFollow(target, new Uri(target, location)))
                    return (RemoteRead.Unavailable($"{target.Host} redirected to where it must not be followed"), false);
                target = new Uri(target, location);
            }

            return (RemoteRead.Unavailable($"{way.Url.Host} redirected more than {MaxRedirects} times"), false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (RemoteRead.Unavailable($"{way.Url.Host} did not answer in time"), true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (RemoteRead.Unavailable($"{way.Url.Host} could not be reached: {e.InnerException?.Message ?? e.Message}"), e.InnerException is not RedirectRefusedException);
        }
    }

    private static HttpRequestMessage RequestTo(Uri target)
    {
        HttpRequestMessage request = new(HttpMethod.Get, target);
        request.Headers.TryAddWithoutValidation("User-Agent", "ProxyCluster");
        return request;
    }

    // To https, or, where http was configured, to the same host: never from https down to http.
    private static bool MayFollow(Uri from, Uri to) =>
        to.Scheme == Uri.UriSchemeHttps || (to.Scheme == from.Scheme && to.Host == from.Host);

    private async Task<(RemoteRead Read, bool MayPass)> ReadAnswerAsync(
        string host, HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.OK)
        {
            var bytes = await ReadBodyAsync(response, limit + 1, cancellationToken).ConfigureAwait(false);
            return bytes.Length > limit
                ? (RemoteRead.Unavailable($"{host} answered with more than {limit} bytes"), false)
                : (RemoteRead.Found(bytes), false);
        }

        var status = (int)response.StatusCode;
        if (status is 404 or 410)
        {
            var bytes = await ReadBodyAsync(response, MaxErrorText, cancellationToken).ConfigureAwait(false);
            return (RemoteRead.NotFound(FirstLine(bytes, status)), false);
        }

        var hint = status is 401 or 407 ? "; this proxy has no login that it takes" : "";
        return (RemoteRead.Unavailable($"{host} answered {status}{hint}", RetryAfter(response)), status is 429 or >= 500);
    }

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, int max, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            using MemoryStream bytes = new();
            var buffer = new byte[Math.Min(max, 16 * 1024)];
            while (bytes.Length < max)
            {
                var wanted = (int)Math.Min(buffer.Length, max - bytes.Length);
                var count = await body.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                    break;
                bytes.Write(buffer, 0, count);
            }

            return bytes.ToArray();
        }
    }

    // What a stranger wrote ends up in front of people: one line of plain characters.
    private static string FirstLine(byte[] body, int status)
    {
        const string Said = "not found: ";
        var line = System.Text.Encoding.UTF8.GetString(body).Split('\n')[0].Trim();

        // It comes to stand behind words of ours that say so already.
        line = line.StartsWith(Said, StringComparison.OrdinalIgnoreCase) ? line[Said.Length..] : line;
        return line.Length == 0 || line.Any(char.IsControl) || line.StartsWith('<')
            ? string.Create(CultureInfo.InvariantCulture, $"answered {status}")
            : line;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wish = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - clock.GetUtcNow();
        return wish < TimeSpan.Zero ? TimeSpan.Zero : wish > MaxRetryAfter ? MaxRetryAfter : wish;
    }

#pragma warning disable CA5394 // Jitter needs no secrecy.
    private TimeSpan Backoff(int attempt)
    {
        var full = options.RetryDelay * Math.Pow(2, attempt - 1);
        var capped = full < options.MaxRetryDelay ? full : options.MaxRetryDelay;
        return capped * (0.5 + Random.Shared.NextDouble() / 2);
    }
#pragma warning restore CA5394

    // What is known of an upstream as a way to the database. Two reads may find it out at once; they find the same.
    private sealed class Detour(NamedPlace way)
    {
        public NamedPlace Way => way;

        public bool? Serves { get; set; }

        public long? FailedAt { get; set; }
    }
}
