using System.Buffers;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.Sockets;

namespace ProxyCluster.Advisories;

/// <summary>
/// A database behind an address: the layout of the Go vulnerability database, or one zip.
/// <para>
/// A look that finds nothing new costs one request. Otherwise the index says which records changed, and those alone are fetched;
/// of one that cannot be had the earlier text stays, and the next look asks for it again. Redirects are not followed: an operator
/// named this address, and may name the other one.
/// </para>
/// </summary>
internal sealed class AdvisoryFeed : IAdvisorySource, IDisposable
{
    private const int MaxIndex = 64 << 20;
    private const int AtOnce = 8;
    private const int Attempts = 3;

    private readonly string _source;
    private readonly NamedPlace _place;
    private readonly AdvisoryOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _http;

    public AdvisoryFeed(Uri url, Logins logins, AdvisoryOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _source = url.AbsoluteUri.TrimEnd('/');
        IsZip = _source.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);

        // A zip is a file of the directory that it is in.
        var directory = new Uri(IsZip ? _source[.._source.LastIndexOf('/')] : _source);
        _place = new NamedPlace(logins, directory, $"{directory.Authority}{directory.AbsolutePath.TrimEnd('/')}", own: null);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = options.RequestTimeout,
            MaxConnectionsPerServer = AtOnce,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
            Proxy = OutboundProxy.OfEnvironment,
            ConnectCallback = OutgoingConnection.ConnectAsync,
        });
    }

    private bool IsZip { get; }

    /// <inheritdoc/>
    public Task<AdvisoryStamp?> TakeAsync(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel) =>
        IsZip ? TakeZipAsync(ask, into, cancel)
        : ask.Modules is { } modules ? TakeModulesAsync(modules, into, cancel)
        : TakeChangesAsync(ask, into, cancel);

    public void Dispose() => _http.Dispose();

    private async Task<AdvisoryStamp?> TakeZipAsync(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel)
    {
        var answer = await GetAsync(_source[(_source.LastIndexOf('/') + 1)..], _options.MaxBytes, ask.Since, cancel);
        if (answer.Body is not { } body)
            return null;
        AdvisoryZip.Take(new MemoryStream(body, writable: false), into, cancel);
        return answer.Stamp;
    }

    private async Task<AdvisoryStamp?> TakeModulesAsync(IReadOnlySet<string> modules, AdvisoryCollection into, CancellationToken cancel)
    {
        var index = await GetAsync(AdvisoryLayout.Modules, MaxIndex, null, cancel);
        var lines = Read(AdvisoryLayout.Modules, index.Body!, AdvisoryJson.Default.ModuleLineArray);
        var wanted = lines.Where(line => line?.Path is { } path && modules.Contains(path)).SelectMany(static line => line.Vulns ?? []).DistinctBy(static line => line?.Id);
        await TakeRecordsAsync(wanted, null, into, cancel);

        // Half an answer would be a clean bill of health.
        return into.Broken == 0 ? index.Stamp : throw new AdvisoryException(into.Faults[0]);
    }

    private async Task<AdvisoryStamp?> TakeChangesAsync(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel)
    {
        // 1. Has anything changed?
        var answer = await GetAsync(AdvisoryLayout.Database, MaxIndex, ask.Since, cancel);
        if (answer.Body is not { } body)
            return null;
        var modified = Read(AdvisoryLayout.Database, body, AdvisoryJson.Default.DatabaseIndex).Modified?.ToString("O");
        if (modified is not null && modified == ask.Since?.State && ask.Since.Source == _source)
            return null;

        // 2. What?
        var index = await GetAsync(AdvisoryLayout.Vulnerabilities, MaxIndex, null, cancel);
        var lines = Read(AdvisoryLayout.Vulnerabilities, index.Body!, AdvisoryJson.Default.RecordLineArray);
        if (lines.Length == 0)
            throw new AdvisoryException($"{_source} names no advisories");
        var isWhole = await TakeRecordsAsync(lines.DistinctBy(static line => line?.Id), ask.Known, into, cancel);

        // 3. Without a state, the next look asks for what is missing.
        return isWhole ? answer.Stamp! with { State = modified } : new AdvisoryStamp(_source, null, null, null, IsPartial: true);
    }

    // False where some could not be had.
    private async Task<bool> TakeRecordsAsync(IEnumerable<RecordLine> lines, KeptRecords? known, AdvisoryCollection into, CancellationToken cancel)
    {
        var (had, missing) = (0, 0);
        string? first = null;
        await Parallel.ForEachAsync(lines, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (line, stop) =>
        {
            if (line?.Id is not { } id || !Advisory.IsId(id))
            {
                into.Skip("a line of the index", "it names no record");
                return;
            }

            var name = $"{AdvisoryLayout.Records}{id}.json";
            if (line.Modified is { } modified && known?.ModifiedOf(id) == modified && known.ReadOrNull(id) is { } same)
            {
                into.Add(name, same);
                Interlocked.Increment(ref had);
                return;
            }

            try
            {
                into.Add(name, (await GetAsync(name, Advisory.MaxSize, null, stop)).Body);
                Interlocked.Increment(ref had);
            }
            catch (IOException e) when (e is not AdvisoryException)
            {
                Interlocked.Increment(ref missing);
                Interlocked.CompareExchange(ref first, e.Message, null);
                if (known?.ReadOrNull(id) is { } earlier)
                    into.Add(name, earlier);
                else
                    into.Skip(name, e.Message);
            }
        });
        return had > 0 || missing == 0 ? missing == 0 : throw new AdvisoryException(first!);
    }

    // A body of null: nothing has changed.
    private async Task<(byte[]? Body, AdvisoryStamp? Stamp)> GetAsync(string path, long limit, AdvisoryStamp? since, CancellationToken cancel)
    {
        // Thousands of requests in a row meet connections that are being closed: such a one is asked again at once.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryGetAsync(path, limit, since, cancel);
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException)
            {
                if (attempt == Attempts)
                    throw new IOException($"{_place.Url.Host} could not be reached: {e.InnerException?.Message ?? e.Message}");
            }
        }
    }

    private async Task<(byte[]? Body, AdvisoryStamp? Stamp)> TryGetAsync(string path, long limit, AdvisoryStamp? since, CancellationToken cancel)
    {
        using CancellationTokenSource total = new(_options.RequestTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, total.Token);
        try
        {
            var sent = await _place.SendAsync(_http, () => RequestTo(path, since), path, module: null, both.Token);
            if (sent.Response is null)
                throw new IOException($"{_place.Url.Host} was not asked: {sent.Trouble}");
            using var response = sent.Response;
            if (response.StatusCode == HttpStatusCode.NotModified && since is not null)
                return (null, since);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new IOException($"{_place.At(path)} answered {(int)response.StatusCode}");
            var body = await ReadAsync(await response.Content.ReadAsStreamAsync(both.Token), limit, both.Token)
                ?? throw new IOException($"{_place.At(path)} has more than {limit} bytes");
            return (body, new AdvisoryStamp(_source, response.Headers.ETag?.ToString(), response.Content.Headers.LastModified?.ToString("R"), null));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IOException($"{_place.Url.Host} did not answer in time");
        }
    }

    private HttpRequestMessage RequestTo(string path, AdvisoryStamp? since)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _place.At(path));
        if (since?.Source == _source)
        {
            if (since.ETag is { } tag)
                request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            if (since.LastModified is { } time)
                request.Headers.TryAddWithoutValidation("If-Modified-Since", time);
        }

        return request;
    }

    private static async Task<byte[]?> ReadAsync(Stream body, long limit, CancellationToken cancel)
    {
        var bytes = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            while (await body.ReadAsync(buffer, cancel) is > 0 and var read)
            {
                if (bytes.Length + read > limit)
                    return null;
                bytes.Write(buffer, 0, read);
            }

            return bytes.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private T Read<T>(string path, byte[] json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new AdvisoryException($"{_place.At(path)} is empty");
        }
        catch (JsonException e)
        {
            throw new AdvisoryException($"{_place.At(path)} cannot be read: {e.Message}");
        }
    }
}
