using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.Lines;

/// <summary>
/// The targets of internal calls: <c>artifact/LEVEL/PATH/@v/VERSION.zip</c>, <c>query/PATH/@latest</c>, <c>stored/PATH/@v/list</c>,
/// <c>repository/PATH/@latest</c>, <c>holds/SHA256/PATH/@v/VERSION.zip</c>, <c>stock/PATH@VERSION</c>, <c>replicate/PATH/@v/VERSION.zip</c>, <c>forget/PATH@VERSION</c> and
/// <c>forward/1/ADDRESS/TARGET</c>, or <c>forward/1/ADDRESS;IDENTITY/TARGET</c>; module names are escaped as everywhere.
/// </summary>
internal static class PeerTarget
{
    /// <summary>"Have this artifact, as this level, and send it to me."</summary>
    public static string Artifact(ModuleVersion module, ArtifactKind kind, AskLevel level) =>
        $"{PeerCalls.Prefix}artifact/{Word(level)}/{Storage.DiskStore.KeyOf(module, kind)}";

    /// <summary>"What is the answer to this query, given by its path in a URL? Ask upstream yourself."</summary>
    public static string Query(string key) => $"{PeerCalls.Prefix}query/{key}";

    /// <summary>"Which versions would you list if there were nothing but your store?"</summary>
    public static string Stored(string key) => $"{PeerCalls.Prefix}stored/{key}";

    /// <summary>"What does the repository say that you have a mirror of? Ask nobody but it."</summary>
    public static string Repository(ProxyPath what) =>
        $"{PeerCalls.Prefix}repository/{(what.Asked is Asked.Artifact ? ProxyPath.Of(what.Module, what.Kind) : what.Query.Key)}";

    /// <summary>"Do you hold this artifact, with bytes of this SHA-256?"</summary>
    public static string Holds(ModuleVersion module, ArtifactKind kind, Digest sha256) =>
        $"{PeerCalls.Prefix}holds/{sha256.ToHex()}/{Storage.DiskStore.KeyOf(module, kind)}";

    /// <summary>"What of this module version have you stored?"; GET.</summary>
    public static string Stock(ModuleVersion module) => $"{PeerCalls.Prefix}stock/{module.Path.Escaped}@{module.EscapedVersion}";

    /// <summary>"Copy this artifact from me."</summary>
    public static string Replicate(ModuleVersion module, ArtifactKind kind) =>
        $"{PeerCalls.Prefix}replicate/{Storage.DiskStore.KeyOf(module, kind)}";

    /// <summary>"An operator wants this module version forgotten"; POST.</summary>
    public static string Forget(ModuleVersion module) => $"{PeerCalls.Prefix}forget/{module.Path.Escaped}@{module.EscapedVersion}";

    /// <summary>What follows <c>forget/</c> and <c>stock/</c>.</summary>
    public static ModuleVersion? ModuleOrNull(string text) =>
        text.Split('@') is [var path, var version]
        && ModulePath.TryUnescape(path, out var parsed, out _)
        && ModuleVersion.TryUnescape(parsed, version, out var module, out _) ? module : null;

    /// <summary>"Answer this request of that client", passed on. The namespace in which it asks is in its own target.</summary>
    public static string Forward(in Asker who, string target)
    {
        var client = who.Identity is { } identity ? $"{Word(who.Address)};{identity.Write()}" : Word(who.Address);
        return $"{PeerCalls.Prefix}forward/{Once}/{client}{target}";
    }

    /// <summary>
    /// How often a request was passed on. Who gets one answers it, so that it is never more; the release before this one
    /// counted, and a member of it reads and writes the number.
    /// </summary>
    public const string Once = "1";

    /// <summary>Is this a client's request that a member passed on?</summary>
    public static bool IsForward(string target) => target.StartsWith(PeerCalls.Prefix + "forward/", StringComparison.Ordinal);

    /// <summary>"Are you there?"; GET. The answer says nothing; how long it takes says how far apart we are.</summary>
    public const string Ping = PeerCalls.Prefix + "ping/";

    /// <summary>Cuts the first element off a path.</summary>
    public static bool TryCut(string path, [NotNullWhen(true)] out string? first, [NotNullWhen(true)] out string? rest)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        first = slash < 0 ? null : path[..slash];
        rest = slash < 0 ? null : path[(slash + 1)..];
        return slash >= 0;
    }

    /// <summary>The level of a word.</summary>
    public static AskLevel? LevelOrNull(string word) => word switch
    {
        "region" => AskLevel.Region,
        "home" => AskLevel.Home,
        "stored" => AskLevel.Stored,
        _ => null,
    };

    // Without a scope, which means something on one machine only.
    private static string Word(IPAddress? client) => client switch
    {
        null => "-",
        { IsIPv4MappedToIPv6: true } => client.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => new IPAddress(client.GetAddressBytes()).ToString(),
        _ => client.ToString(),
    };

    private static string Word(AskLevel level) => level switch
    {
        AskLevel.Region => "region",
        AskLevel.Stored => "stored",
        _ => "home",
    };
}
