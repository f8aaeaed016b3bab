using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// The calls of the Blob service's REST interface that the store needs (Microsoft Learn, "Blob service REST API"). What
/// the service says is a value; that it says nothing, after all retries, is a <see cref="StoreException"/>.
/// </summary>
internal sealed class BlobClient(HttpPipeline pipeline, Uri container)
{
    private const string Version = "2021-12-02";

    /// <summary>The container's URL; no secrets.</summary>
    public Uri Container { get; } = container;

    /// <summary>Creates the container.</summary>
    public async Task<BlobStatus> CreateContainerAsync(CancellationToken cancel)
    {
        using var message = await SendAsync(RequestMethod.Put, null, "restype=container", null, cancel);
        return StatusOf(message.Response);
    }

    /// <summary>Writes a whole blob in one call.</summary>
    public async Task<BlobStatus> PutAsync(
        string name, ReadOnlyMemory<byte> bytes, BlobCondition condition, CancellationToken cancel)
    {
        using var message = await SendAsync(
            RequestMethod.Put,
            name,
            "",
            request =>
            {
                request.Headers.SetValue("x-ms-blob-type", "BlockBlob");
                Add(request, condition);
                request.Content = RequestContent.Create(bytes);
            },
            cancel);
        return StatusOf(message.Response);
    }

    /// <summary>Sends one block, which nobody sees before <see cref="PutBlockListAsync"/> names it.</summary>
    /// <param name="name">The blob.</param>
    /// <param name="block">The block's id in base64; of one length for all of a blob.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="cancel">Ends the call.</param>
    public async Task<BlobStatus> PutBlockAsync(string name, string block, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        using var message = await SendAsync(
            RequestMethod.Put,
            name,
            "comp=block&blockid=" + Uri.EscapeDataString(block),
            request => request.Content = RequestContent.Create(bytes),
            cancel);
        return StatusOf(message.Response);
    }

    /// <summary>Makes a blob of blocks that were sent.</summary>
    public async Task<BlobStatus> PutBlockListAsync(
        string name, IEnumerable<string> blocks, BlobCondition condition, CancellationToken cancel)
    {
        var list = new XDocument(new XElement("BlockList", blocks.Select(static block => new XElement("Latest", block))));
        var body = Encoding.UTF8.GetBytes(list.ToString(SaveOptions.DisableFormatting));
        using var message = await SendAsync(
            RequestMethod.Put,
            name,
            "comp=blocklist",
            request =>
            {
                Add(request, condition);
                request.Content = RequestContent.Create(body);
            },
            cancel);
        return StatusOf(message.Response);
    }

    /// <summary>Opens a blob from <paramref name="from"/> on; null with any other answer than the bytes.</summary>
    public async Task<(BlobStatus Status, BlobBody? Body)> GetAsync(
        string name, long from, BlobCondition condition, CancellationToken cancel)
    {
        using var message = await SendAsync(
            RequestMethod.Get,
            name,
            "",
            request =>
            {
                Add(request, condition);
                if (from > 0)
                    request.Headers.SetValue("Range", string.Create(CultureInfo.InvariantCulture, $"bytes={from}-"));
            },
            cancel,
            buffer: false);
        var status = StatusOf(message.Response);
        if (status.Status != (from > 0 ? 206 : 200) || !TryRead(name, message.Response, from, out var properties))
            return (status, null);
        return (status, new BlobBody(properties, message.ExtractResponseContent() ?? Stream.Null));
    }

    /// <summary>What a blob's headers say; null where there is none.</summary>
    public async Task<(BlobStatus Status, BlobProperties? Properties)> FindPropertiesAsync(string name, CancellationToken cancel)
    {
        using var message = await SendAsync(RequestMethod.Head, name, "", null, cancel);
        return (StatusOf(message.Response), TryRead(name, message.Response, 0, out var properties) ? properties : null);
    }

    /// <summary>Deletes a blob.</summary>
    public async Task<BlobStatus> DeleteAsync(string name, BlobCondition condition, CancellationToken cancel)
    {
        using var message = await SendAsync(RequestMethod.Delete, name, "", request => Add(request, condition), cancel);
        return StatusOf(message.Response);
    }

    /// <summary>One page of the names that begin with <paramref name="prefix"/>.</summary>
    /// <param name="prefix">What they begin with.</param>
    /// <param name="next">What the page before said; null for the first.</param>
    /// <param name="most">Names on a page.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="StoreException">The service did not answer, or with something else than a listing.</exception>
    public async Task<(BlobStatus Status, BlobPage? Page)> ListAsync(
        string prefix, string? next, int most, CancellationToken cancel)
    {
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"restype=container&comp=list&maxresults={most}&prefix={Uri.EscapeDataString(prefix)}");
        if (next is not null)
            query += "&marker=" + Uri.EscapeDataString(next);
        using var message = await SendAsync(RequestMethod.Get, null, query, null, cancel);
        var status = StatusOf(message.Response);
        if (!status.IsSuccess)
            return (status, null);

        try
        {
            var listing = XDocument.Parse(message.Response.Content.ToString()).Root!;
            var names = listing.Descendants("Blob").Select(static blob => (string?)blob.Element("Name")).OfType<string>();
            var marker = (string?)listing.Element("NextMarker");
            return (status, new BlobPage([.. names], string.IsNullOrEmpty(marker) ? null : marker));
        }
        catch (XmlException e)
        {
            throw new StoreException($"{Container} answered with a listing that cannot be read: {e.Message}", e);
        }
    }

    private async Task<HttpMessage> SendAsync(
        RequestMethod method, string? name, string query, Action<Request>? fill, CancellationToken cancel, bool buffer = true)
    {
        var message = pipeline.CreateMessage();
        message.BufferResponse = buffer;
        var request = message.Request;
        request.Method = method;
        request.Uri.Reset(UriOf(name, query));
        request.Headers.SetValue("x-ms-version", Version);
        fill?.Invoke(request);
        try
        {
            await pipeline.SendAsync(message, cancel);
            return message;
        }
        catch (Exception e)
        {
            message.Dispose();
            cancel.ThrowIfCancellationRequested();
            if (!IsSilence(e))
                throw;
            throw new StoreException($"{Container} did not answer: {Innermost(e).Message.Split('\n')[0].Trim()}", Innermost(e));
        }
    }

    /// <summary>Is this how the pipeline reports that a call got no answer?</summary>
    internal static bool IsSilence(Exception e) => e is RequestFailedException or IOException or HttpRequestException
        or OperationCanceledException or AggregateException or AuthenticationFailedException;

    // The pipeline gathers the failures of all attempts; the last one says most.
    private static Exception Innermost(Exception e) => e switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Innermost(last),
        RequestFailedException { InnerException: { } inner } => Innermost(inner),
        _ => e,
    };

    private Uri UriOf(string? name, string query)
    {
        var path = name is null ? "" : "/" + string.Join('/', name.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{Container.AbsoluteUri}{path}{(query.Length == 0 ? "" : "?" + query)}");
    }

    private static void Add(Request request, BlobCondition condition)
    {
        if (condition.Header is { } header)
            request.Headers.SetValue(header, condition.Value!);
    }

    private static BlobStatus StatusOf(Response response) => new(
        response.Status, response.Headers.TryGetValue("x-ms-error-code", out var code) ? code : null);

    private static bool TryRead(
        string name, Response response, long from, [NotNullWhen(true)] out BlobProperties? properties)
    {
        properties = response.Status is 200 or 206
            && response.Headers.TryGetValue("ETag", out var etag)
            && response.Headers.TryGetValue("Content-Length", out var text)
            && long.TryParse(text, CultureInfo.InvariantCulture, out var length)
                ? new BlobProperties(name, etag, from + length)
                : null;
        return properties is not null;
    }
}
