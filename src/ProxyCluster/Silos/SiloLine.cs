using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;

namespace ProxyCluster.Silos;

/// <summary>
/// What must protect a silo's port, which is open to whoever reaches it: nothing on this machine's own address, elsewhere
/// TLS, or an operator's word that the network does it.
/// </summary>
internal static class SiloLine
{
    /// <summary>The operator's word.</summary>
    public const string TrustedNetwork = "trusted-network";

    /// <summary>Where other silos reach this one, by its settings; null where Orleans is to find an address by itself.</summary>
    public static string? AddressOf(ClusteringOptions cluster, IConfiguration configuration)
    {
        if (configuration.GetSection("Orleans:Endpoints") is { } section && section.Exists())
            return section["AdvertisedIPAddress"];
        return ClusterMembership.SelfOf(cluster, ListeningOf(cluster, configuration)).Address.Host;
    }

    /// <summary>Where this process listens by its settings, addresses for members last.</summary>
    public static string[] ListeningOf(ClusteringOptions cluster, IConfiguration configuration) =>
    [
        .. (configuration[SettingKeys.Urls] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        .. cluster.InternalAddresses(),
    ];

    /// <summary>Why a silo may not be reached at the address; null where it may.</summary>
    public static string? FaultOrNull(OrleansOptions silo, string? address)
    {
        var hasTls = silo.CertFile.Length > 0;
        if (silo.Line == "tls" && !hasTls)
            return "tls needs Silo:CertFile, Silo:KeyFile and Silo:CaFile";
        var isHere = address == "localhost" || (IPAddress.TryParse(address?.Trim('[', ']'), out var literal) && IPAddress.IsLoopback(literal));
        return isHere || hasTls || silo.Line == TrustedNetwork
            ? null
            : $"other machines reach this silo at {address ?? "an address that Orleans finds"}, and whoever reaches its port can call grains: "
                + "set Silo:CertFile, Silo:KeyFile and Silo:CaFile for TLS, or say --silo-line trusted-network where the network keeps others out";
    }
}
