using System.Diagnostics;

namespace ProxyCluster.Telemetry;

/// <summary>The product's one source of spans.</summary>
internal static class ProxyTracing
{
    /// <summary>The source's name, for exporters.</summary>
    public const string SourceName = "ProxyCluster";

    /// <summary>The source.</summary>
    public static ActivitySource Source { get; } = new(SourceName);
}
