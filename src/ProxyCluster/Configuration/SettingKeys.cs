namespace ProxyCluster.Configuration;

/// <summary>
/// Keys that a flag or a well-known variable sets, by name: this room stands beside the others and does not know their
/// options classes. A key that no room has is a mistake at start, so a renamed property cannot go unnoticed.
/// </summary>
internal static class SettingKeys
{
    public const string Urls = "Serve:Urls";
    public const string Data = "Storage:Data";
    public const string Upstreams = "Upstreams:List";
    public const string DirectRewrites = "Direct:Rewrites";
    public const string SumDb = "Verification:SumDb";
    public const string NoSumDb = "Verification:NoSumDb";
    public const string Private = "Verification:Private";
    public const string Engine = "Cluster:Engine";
    public const string Store = "Cluster:Store";
    public const string ClusterName = "Cluster:Name";
    public const string Region = "Cluster:Region";
    public const string Role = "Cluster:Role";
    public const string Advertise = "Cluster:Advertise";
    public const string InternalUrls = "Cluster:InternalUrls";
    public const string SecretFile = "Cluster:SecretFile";
    public const string SiloLine = "Silo:Line";
    public const string BasePath = "Http:BasePath";
    public const string LogLevel = "Telemetry:LogLevel";
    public const string OtlpEndpoint = "Telemetry:OtlpEndpoint";
    public const string OtlpProtocol = "Telemetry:OtlpProtocol";
    public const string OtlpHeaders = "Telemetry:OtlpHeaders";
}
