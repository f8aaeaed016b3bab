using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using ProxyCluster.Access;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Http;

/// <summary>
/// What every answer has in common: header values made once, the status of a failure, and an error body that the
/// <c>go</c> command will show (spec §3: text/plain, at most 8 lines and 648 bytes, cut at the first blank line).
/// </summary>
internal sealed class Responses(IOptions<HttpOptions> options, ClusterSelf self, ClientLogins logins)
{
    /// <summary>The header that carries a failure's machine-readable cause.</summary>
    public const string CauseHeader = "X-ProxyCluster-Cause";

    /// <summary>How caching begins where everybody may have an answer.</summary>
    public const string Public = "public";

    private const string Private = "private";
    private const string RegionHeader = "X-ProxyCluster-Region";
    private const string CacheHeader = "X-Cache";
    private const int MaxErrorBytes = 640;
    private const int MaxErrorLines = 8;

    private static readonly StringValues Text = "text/plain; charset=utf-8";
    private static readonly StringValues Json = "application/json";
    private static readonly StringValues Zip = "application/zip";
    private static readonly StringValues Immutable = "public, max-age=31536000, immutable";
    private static readonly StringValues NoStore = "no-store";

    private readonly StringValues _region = self.Region;
    private readonly StringValues _negative =
        string.Create(CultureInfo.InvariantCulture, $"public, max-age={options.Value.NegativeMaxAgeSeconds}");

    /// <summary><c>Cache-Control</c> of answers to queries.</summary>
    public StringValues QueryCaching { get; } =
        string.Create(CultureInfo.InvariantCulture, $"public, max-age={options.Value.QueryMaxAgeSeconds}");

    /// <summary>The content type of an artifact (spec §2).</summary>
    public static StringValues TypeOf(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => Json,
        ArtifactKind.Mod => Text,
        _ => Zip,
    };

    /// <summary>Headers of a stored artifact: it will never change. Hot path.</summary>
    public void StartArtifact(HttpResponse response, ArtifactKind kind, StringValues etag, StringValues cache)
    {
        var headers = response.Headers;
        headers.ContentType = TypeOf(kind);
        headers.CacheControl = Immutable;
        headers.ETag = etag;
        headers[CacheHeader] = cache;
        headers[RegionHeader] = _region;
        if (kind == ArtifactKind.Zip)
            headers.AcceptRanges = "bytes";
    }

    /// <summary>Headers of any other successful answer.</summary>
    public void Start(HttpResponse response, StringValues type, StringValues caching, StringValues cache)
    {
        var headers = response.Headers;
        headers.ContentType = type;
        headers.CacheControl = caching;
        headers[CacheHeader] = cache;
        headers[RegionHeader] = _region;
    }

    /// <summary>Headers and body of a plain text that is not an error.</summary>
    public Task WriteTextAsync(HttpContext context, int status, string text, CancellationToken cancel)
    {
        context.Response.StatusCode = status;
        Start(context.Response, Text, NoStore, StringValues.Empty);
        return WriteBodyAsync(context, Encoding.UTF8.GetBytes(text), cancel);
    }

    /// <summary>Turns a failure into its status, cause, caching and sentence.</summary>
    public Task WriteFailureAsync(HttpContext context, Failure failure, bool cachedOnly, CancellationToken cancel)
    {
        var row = FailureTable.For(failure.Kind);
        var response = context.Response;
        response.StatusCode = row.Status;

        // A miss of a cached-only request says nothing about other requests for the same URL.
        var caching = failure.IsProvenAbsence && !cachedOnly ? _negative : NoStore;
        Start(response, Text, caching, "MISS");
        if (cachedOnly)
            response.Headers.Vary = "Disable-Module-Fetch";
        response.Headers[CauseHeader] = row.Cause;
        if (row.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = logins.Challenges;
        if ((failure.RetryAfter ?? row.RetryAfter) is { } wait)
        {
            response.Headers.RetryAfter =
                Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return WriteBodyAsync(context, ErrorBody(failure), cancel);
    }

    /// <summary>Whatever is answered, wherever it comes from: no cache may give it to somebody else.</summary>
    public static void KeepPrivate(HttpResponse response) => response.OnStarting(
        static state =>
        {
            var headers = ((HttpResponse)state).Headers;
            if (headers.CacheControl.ToString() is var caching && caching.StartsWith(Public, StringComparison.Ordinal))
                headers.CacheControl = Private + caching[Public.Length..];
            return Task.CompletedTask;
        },
        response);

    /// <summary>Writes a whole body; none for HEAD.</summary>
    public static Task WriteBodyAsync(HttpContext context, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.BodyWriter.WriteAsync(body, cancel).AsTask();
    }

    /// <summary>Writes a whole body under its entity tag; 304 where the client has it already, none for HEAD.</summary>
    public static Task WriteTaggedAsync(
        HttpContext context, string etag, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        context.Response.Headers.ETag = etag;
        return TryNotModified(context, etag) ? Task.CompletedTask : WriteBodyAsync(context, body, cancel);
    }

    /// <summary>Answers 304 when the client's copy is the current one.</summary>
    public static bool TryNotModified(HttpContext context, string etag)
    {
        if (!Matches(context.Request, etag))
            return false;

        context.Response.StatusCode = StatusCodes.Status304NotModified;
        context.Response.Headers.ContentType = StringValues.Empty;
        return true;
    }

    // RFC 9110 §13.1.2: the comparison is weak, because a whole answer is spared and no parts are joined.
    private static bool Matches(HttpRequest request, string etag)
    {
        var condition = request.Headers.IfNoneMatch;
        if (condition.Count == 0)
            return false;

        foreach (var value in condition)
        {
            if (value == "*" || value == etag)
                return true;
        }

        return EntityTagHeaderValue.TryParseList(condition.OfType<string>().ToList(), out var tags)
            && tags.Any(t => t.Tag.Equals(etag, StringComparison.Ordinal));
    }

    private static byte[] ErrorBody(Failure failure)
    {
        // What an upstream said of absence is passed on as it came.
        var isOurs = failure.Kind is FailureKind.NotCached && !failure.Message.StartsWith("not found:", StringComparison.Ordinal);
        var text = new StringBuilder(isOurs ? "not found: " : "");
        var lines = failure.Message.ReplaceLineEndings("\n")
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(MaxErrorLines);
        foreach (var rune in string.Join('\n', lines).EnumerateRunes())
            text.Append(rune.Value == '\n' || IsShown(rune) ? rune.ToString() : "?");
        var bytes = Encoding.UTF8.GetBytes(text.Append('\n').ToString());
        if (bytes.Length <= MaxErrorBytes)
            return bytes;

        // Cut at a character's start, and keep the newline.
        var end = MaxErrorBytes - 1;
        while ((bytes[end] & 0xC0) == 0x80)
            end--;
        bytes[end] = (byte)'\n';
        return bytes[..(end + 1)];
    }

    // One character that go does not print makes it drop the whole text.
    private static bool IsShown(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
