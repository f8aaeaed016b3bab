using System.Net;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>
/// What an HTTP status means to us: the one table for upstreams (spec §3). Only 404 and 410 are absence; anything that
/// cannot be right is invalid content rather than an outage, so that nobody waits for it to pass.
/// </summary>
internal static class HttpVerdict
{
    /// <summary>Longest Retry-After that is believed.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>The facts about an answer that the verdict rests on.</summary>
    /// <param name="Upstream">Display name.</param>
    /// <param name="Resource">What was asked for.</param>
    /// <param name="Status">The status code.</param>
    /// <param name="Text">The showable part of an error body, or null.</param>
    /// <param name="RetryAfter">The Retry-After header as a span, or null.</param>
    /// <param name="SentLogin">True when the request carried credentials.</param>
    public readonly record struct Facts(
        string Upstream, UpstreamResource Resource, HttpStatusCode Status, string? Text, TimeSpan? RetryAfter, bool SentLogin);

    /// <summary>The fault that a status other than a usable 200 or 304 stands for.</summary>
    public static UpstreamFault FaultOf(Facts facts)
    {
        var (upstream, resource) = (facts.Upstream, facts.Resource);
        var said = facts.Text is null ? "" : $": {facts.Text}";
        var code = (int)facts.Status;
        return code switch
        {
            404 or 410 => UpstreamFault.Final(
                code == 410 ? FailureKind.Gone : FailureKind.NotFound, facts.Text ?? $"not found: {resource} is not at {upstream}"),
            401 when facts.SentLogin => UpstreamFault.Final(FailureKind.Blocked,
                $"{upstream} refused this proxy's credentials for {resource} (401); its operator must renew them"),
            401 => UpstreamFault.Final(FailureKind.Blocked,
                $"{upstream} wants credentials for {resource} (401) and this proxy has none for it; its operator must configure them"),
            403 or 451 => UpstreamFault.Final(FailureKind.Blocked, $"{upstream} refused {resource} ({code}){said}"),
            408 => UpstreamFault.Passing(FailureKind.UpstreamTimeout, $"{upstream} gave up on {resource} (408)"),
            429 => UpstreamFault.Passing(FailureKind.UpstreamUnavailable,
                $"{upstream} limits this proxy's requests (429){said}", Bounded(facts.RetryAfter)),
            501 or 505 => UpstreamFault.Final(FailureKind.UpstreamUnavailable, $"{upstream} answered {code} for {resource}{said}"),
            >= 500 => UpstreamFault.Passing(FailureKind.UpstreamUnavailable,
                $"{upstream} answered {code} for {resource}{said}", Bounded(facts.RetryAfter)),
            _ => UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{upstream} answered {code} for {resource}, which a module proxy does not{said}"),
        };
    }

    /// <summary>What is wrong with the headers of a 200, or null.</summary>
    public static UpstreamFault? FaultOfHeadersOrNull(
        string upstream, UpstreamResource resource, string? mediaType, string? unreadable, long? length, long maxBytes)
    {
        // A list is judged by its lines: servers that know no type for it call it all sorts of things.
        if (resource.Kind is not UpstreamResourceKind.List && mediaType is not null && (mediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("application/xhtml+xml", StringComparison.OrdinalIgnoreCase)))
        {
            return UpstreamFault.Final(FailureKind.UpstreamInvalid,
                $"{upstream} answered with a web page for {resource}; is it a module proxy, or is there a login page in between?");
        }

        if (unreadable is not null)
            return UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{upstream} answered with content encoding \"{Word(unreadable)}\", which was not asked for");

        return length > maxBytes ? UpstreamBody.TooLong(upstream, maxBytes) : null;
    }

    private static TimeSpan? Bounded(TimeSpan? retryAfter) =>
        retryAfter is not { } span ? null : span < TimeSpan.Zero ? TimeSpan.Zero : span > MaxRetryAfter ? MaxRetryAfter : span;

    private static string Word(string text) => text.Length > 32 || text.Any(char.IsControl) ? "(unprintable)" : text;
}
