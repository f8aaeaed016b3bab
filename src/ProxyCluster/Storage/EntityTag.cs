using ProxyCluster.GoModules;

namespace ProxyCluster.Storage;

/// <summary>
/// Strong entity tags, made from the bytes alone: the same on every silo and after every restart, so that a client may
/// go on at another silo where the first one left off.
/// </summary>
internal static class EntityTag
{
    /// <summary>The tag of bytes with this SHA-256, with its quotes.</summary>
    public static string Of(Digest sha256) => $"\"sha256-{sha256.ToHex()}\"";

    /// <summary>The tag of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Of(Digest.Of(bytes));
}
