using System.Diagnostics;
using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.Telemetry;

/// <summary>
/// Traces. The server span of a request is the one that the web host starts by itself from the client's
/// <c>traceparent</c>, but only while somebody listens: <see cref="OtlpExport"/> subscribes to it, and without an
/// exporter no request pays for an activity. Below it hang ours: one client span per try at an upstream, which hides what
/// the HTTP client's own would show (credentials in URLs, signatures in redirects), and other steps such as a failover.
/// </summary>
internal static class Tracing
{
    /// <summary>The name of <see cref="Source"/>, for exporters.</summary>
    public const string SourceName = "ProxyCluster";

    /// <summary>The web host's source of server spans.</summary>
    public const string ServerSourceName = "Microsoft.AspNetCore";

    /// <summary>Orleans' sources: calls of grains, and what it does around them.</summary>
    public static readonly string[] SiloSourceNames =
        ["Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage"];

    /// <summary>Spans of our own steps; starting one returns null while nobody listens.</summary>
    public static readonly ActivitySource Source = new(SourceName, BuildInfo.Version);

    /// <summary>Whether somebody wants to know about the request at hand.</summary>
    public static bool IsOn => Activity.Current is { IsAllDataRequested: true };

    /// <summary>
    /// Says on the request's span what module it is about. Attributes hold it and never names: there are millions.
    /// </summary>
    public static void NameModule(ProxyPath path)
    {
        if (Activity.Current is not { IsAllDataRequested: true } span)
            return;
        var (module, version) = path.Asked switch
        {
            Asked.Artifact => (path.Module.Path.Value, path.Module.Version),
            Asked.Query or Asked.VersionPrefix => (path.Query.Path.Value, path.Query.Revision),
            _ => ("", ""),
        };
        if (module.Length > 0)
            span.SetTag("proxycluster.module.path", module);
        if (version.Length > 0)
            span.SetTag("proxycluster.module.version", version);
    }

    /// <summary>
    /// Says on the request's span what was asked and how it ended. The span's name keeps to few values
    /// (<c>GET zip</c>); the module is named apart.
    /// </summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="artifact">The label that the metrics use: info, mod, zip, list, …</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="cause">The failure's cause word; null when there was an answer.</param>
    public static void DescribeRequest(string method, string artifact, int status, string? cause)
    {
        if (Activity.Current is not { IsAllDataRequested: true } span)
            return;
        span.DisplayName = $"{method} {artifact}";
        span.SetTag("http.request.method", method);
        span.SetTag("http.response.status_code", status);
        span.SetTag("proxycluster.artifact", artifact);
        if (cause is not null)
            span.SetTag("error.type", cause);
        if (status >= 500)
            span.SetStatus(ActivityStatusCode.Error, cause);
    }
}
