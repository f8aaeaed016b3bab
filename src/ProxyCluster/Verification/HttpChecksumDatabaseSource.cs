using System.Globalization;
using System.Net;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.TransparencyLog;
using ProxyCluster.Sockets;

namespace ProxyCluster.Verification;

/// <summary>
/// Asks a checksum database over HTTP. It knows nothing of proofs: it bounds what an answer may cost in time and bytes,
/// retries what may pass, and tells "there is no such thing" (404, 410) from everything else.
/// </summary>
internal sealed class HttpChecksumDatabaseSource(
    HttpMessageInvoker http, Uri url, VerificationOptions options, TimeProvider clock) : IChecksumDatabaseRemote
{
    private const int MaxRedirects = 5;
    private const int MaxNote = 64 * 1024;
    private const int MaxLookup = 256 * 1024;
    private const int MaxDataTile = 8 * 1024 * 1024;
    private const int MaxErrorText = 512;

    /// <summary>The handler that goes with these options; redirects are followed here, not there.</summary>
    public static SocketsHttpHandler Handler(VerificationOptions options) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        ConnectTimeout = options.ConnectTimeout,
        MaxResponseHeadersLength = 64,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
        ConnectCallback = OutgoingConnection.ConnectAsync,
    };

    public async ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var limit = MaxBytes(path);
        for (var attempt = 1; ; attempt++)
        {
            var (read, mayPass) = await TryReadAsync(path, limit, cancellationToken).ConfigureAwait(false);
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

    private async Task<(RemoteRead Read, bool MayPass)> TryReadAsync(string path, int limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource total = new(options.RequestTimeout, clock);
        using CancellationTokenSource firstByte = new(options.FirstByteTimeout, clock);
        using var head = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, total.Token, firstByte.Token);
        using var body = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, total.Token);
        try
        {
            var target = new Uri($"{url.AbsoluteUri.TrimEnd('/')}/{path}");
            for (var redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                using HttpRequestMessage request = new(HttpMethod.Get, target);
                request.Headers.TryAddWithoutValidation("User-Agent", "ProxyCluster");
                using var response = await http.SendAsync(request, head.Token).ConfigureAwait(false);
                if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                {
                    return await ReadAnswerAsync(response, limit, body.Token).ConfigureAwait(false);
                }

                if (response.Headers.Location is not { } location || !MayFollow(target, new Uri(target, location)))
                    return (RemoteRead.Unavailable($"{target.Host} redirected to where it must not be followed"), false);
                target = new Uri(target, location);
            }

            return (RemoteRead.Unavailable($"{url.Host} redirected more than {MaxRedirects} times"), false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (RemoteRead.Unavailable($"{url.Host} did not answer in time"), true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (RemoteRead.Unavailable($"{url.Host} could not be reached: {e.Message}"), true);
        }
    }

    // To https, or, where http was configured, to the same host: never from https down to http.
    private static bool MayFollow(Uri from, Uri to) =>
        to.Scheme == Uri.UriSchemeHttps || (to.Scheme == from.Scheme && to.Host == from.Host);

    private async Task<(RemoteRead Read, bool MayPass)> ReadAnswerAsync(
        HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.OK)
        {
            var bytes = await ReadBodyAsync(response, limit + 1, cancellationToken).ConfigureAwait(false);
            return bytes.Length > limit
                ? (RemoteRead.Unavailable($"{url.Host} answered with more than {limit} bytes"), false)
                : (RemoteRead.Found(bytes), false);
        }

        var status = (int)response.StatusCode;
        if (status is 404 or 410)
        {
            var bytes = await ReadBodyAsync(response, MaxErrorText, cancellationToken).ConfigureAwait(false);
            return (RemoteRead.NotFound(FirstLine(bytes, status)), false);
        }

        return (RemoteRead.Unavailable($"{url.Host} answered {status}", RetryAfter(response)), status is 429 or >= 500);
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
        var line = System.Text.Encoding.UTF8.GetString(body).Split('\n')[0].Trim();
        return line.Length == 0 || line.Any(char.IsControl) || line.StartsWith('<')
            ? string.Create(CultureInfo.InvariantCulture, $"answered {status}")
            : line;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wish = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - clock.GetUtcNow();
        return wish < TimeSpan.Zero ? TimeSpan.Zero : wish;
    }

#pragma warning disable CA5394 // Jitter needs no secrecy.
    private TimeSpan Backoff(int attempt)
    {
        var full = options.RetryDelay * Math.Pow(2, attempt - 1);
        var capped = full < options.MaxRetryDelay ? full : options.MaxRetryDelay;
        return capped * (0.5 + Random.Shared.NextDouble() / 2);
    }
#pragma warning restore CA5394
}
