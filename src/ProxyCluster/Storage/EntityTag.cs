using ProxyCluster.GoModules;

namespace ProxyCluster.Storage;

/// <summary>
/// Strong entity tags, made from the bytes alone: the same on every silo and after every restart, so that a client may
/// go on at another silo where the first one left off.
/// </summary>
internal static class EntityTag
{
    private const string Start = "\"sha256-";

    /// <summary>The tag of bytes with this SHA-256, with its quotes.</summary>
    public static string Of(Digest sha256) => $"{Start}{sha256.ToHex()}\"";

    /// <summary>The SHA-256 in such a tag; null for any other tag.</summary>
    public static Digest? DigestOrNull(ReadOnlySpan<char> tag) =>
        tag.StartsWith(Start, StringComparison.Ordinal) && tag is [.., '"'] && Digest.TryParseHex(tag[Start.Length..^1], out var sha256) ? sha256 : null;

    /// <summary>The tag of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Of(Digest.Of(bytes));
}
