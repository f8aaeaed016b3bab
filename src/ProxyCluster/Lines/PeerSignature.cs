using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ProxyCluster.Lines;

/// <summary>
/// The credentials of an internal call: an HMAC-SHA-256 with the cluster's secret over the method, the receiver's
/// address, the full target, the sender, the time, a nonce and the hash of the body. The receiver is in it because each
/// member remembers only the nonces that it has seen itself: what one has heard is worth nothing at another. Everything that steers the call (what, for which level, for
/// whom) is in the target and so under the signature; a header added on the way means nothing.
/// </summary>
/// <param name="Member">Id of the sender.</param>
/// <param name="UnixMilliseconds">When it signed, by the receiver's clock as far as it knows.</param>
/// <param name="Nonce">16 random bytes in hexadecimal; used once.</param>
/// <param name="Mac">The HMAC, base64.</param>
internal readonly record struct PeerSignature(string Member, long UnixMilliseconds, string Nonce, string Mac)
{
    /// <summary>The header that carries it.</summary>
    public const string Header = "X-ProxyCluster-Auth";

    private const string Scheme = "v1";

    // SHA-256 of the body of nearly every call.
    private static readonly string OfNothing = Convert.ToHexStringLower(SHA256.HashData([]));

    /// <summary>Signs a call to the member that others know at <paramref name="receiver"/> (host and port).</summary>
    public static PeerSignature Sign(
        ReadOnlySpan<byte> secret,
        string member,
        DateTimeOffset time,
        string method,
        string receiver,
        string target,
        ReadOnlySpan<byte> body)
    {
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var milliseconds = time.ToUnixTimeMilliseconds();
        return new PeerSignature(
            member, milliseconds, nonce, Convert.ToBase64String(Compute(secret, member, milliseconds, nonce, method, receiver, target, body)));
    }

    /// <summary>Was this call signed with <paramref name="secret"/>? Says nothing about its age.</summary>
    public bool Matches(ReadOnlySpan<byte> secret, string method, string receiver, string target, ReadOnlySpan<byte> body)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes + 3];
        return Convert.TryFromBase64String(Mac, given, out var length)
            && CryptographicOperations.FixedTimeEquals(
                given[..length], Compute(secret, Member, UnixMilliseconds, Nonce, method, receiver, target, body));
    }

    /// <summary>The header's value.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme} {Member} {UnixMilliseconds} {Nonce} {Mac}");

    /// <summary>Reads a header's value.</summary>
    public static bool TryParse(string? text, out PeerSignature signature)
    {
        signature = default;
        var parts = text?.Split(' ') ?? [];
        if (parts.Length != 5
            || parts[0] != Scheme
            || parts[1].Length is 0 or > 200
            || parts[3].Length != 32
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
            return false;

        signature = new PeerSignature(parts[1], milliseconds, parts[3], parts[4]);
        return true;
    }

    private static byte[] Compute(
        ReadOnlySpan<byte> secret,
        string member,
        long milliseconds,
        string nonce,
        string method,
        string receiver,
        string target,
        ReadOnlySpan<byte> body)
    {
        var signed = string.Create(
            CultureInfo.InvariantCulture,
            $"{Scheme}\n{method}\n{receiver}\n{target}\n{member}\n{milliseconds}\n{nonce}\n{(body.IsEmpty ? OfNothing : Convert.ToHexStringLower(SHA256.HashData(body)))}\n");
        return HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(signed));
    }
}
