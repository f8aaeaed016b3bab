using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ProxyCluster.GoModules.Notes;

/// <summary>What verifier and signer keys share: the rules for names, the key hash and the strict encodings.</summary>
internal static class KeyName
{
    /// <summary>The one algorithm byte in use: Ed25519.</summary>
    public const byte AlgorithmEd25519 = 1;

    /// <summary>UTF-8 that refuses what is not UTF-8 instead of replacing it.</summary>
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A name is not empty, has no Unicode space and no plus sign (spec §5).</summary>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty)
            return false;

        foreach (var c in name)
        {
            if (c == '+' || char.IsWhiteSpace(c))
                return false;
        }

        return !HasLoneSurrogate(name);
    }

    /// <summary>First four bytes, big-endian, of SHA-256(name, newline, algorithm byte, public key).</summary>
    public static uint HashOf(string name, ReadOnlySpan<byte> publicKey)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(StrictUtf8.GetBytes(name));
        hash.AppendData("\n"u8);
        hash.AppendData([AlgorithmEd25519]);
        hash.AppendData(publicKey);
        return BinaryPrimitives.ReadUInt32BigEndian(hash.GetHashAndReset());
    }

    /// <summary>
    /// Standard base64 with its padding and nothing else. .NET's decoder skips white space, which a signed format must
    /// not have twice, so white space is refused first.
    /// </summary>
    public static bool TryDecodeBase64(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.IsEmpty || text.ContainsAny(" \t\r\n"))
            return false;

        var buffer = new byte[text.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64Chars(text, buffer, out var written))
            return false;

        bytes = buffer[..written];
        return true;
    }

    private static bool HasLoneSurrogate(ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar && text.IndexOf('\uFFFD') < 0)
                return true;
        }

        return false;
    }
}
