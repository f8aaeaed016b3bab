namespace ProxyCluster.GoModules.Notes;

/// <summary>
/// Ed25519 (RFC 8032) over OpenSSL's libcrypto, which .NET on Linux stands on anyway; .NET 10 itself has no Ed25519.
/// Every call makes its own key and context, so all members are safe on any thread.
/// </summary>
/// <remarks>Every member but <see cref="UnavailableBecause"/> throws <see cref="PlatformNotSupportedException"/> with that
/// sentence where libcrypto is missing: a machine that cannot verify must not look like one that met a bad signature.</remarks>
public static class Ed25519
{
    /// <summary>Bytes in the seed that a private key is made from.</summary>
    public const int SeedSize = 32;

    /// <summary>Bytes in a public key.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Bytes in a signature.</summary>
    public const int SignatureSize = 64;

    /// <summary>Null where Ed25519 works; otherwise one sentence that says what is missing. Ask at start.</summary>
    public static string? UnavailableBecause => LibCrypto.MissingBecause;

    /// <summary>True when <paramref name="signature"/> is one of <paramref name="message"/> by <paramref name="publicKey"/>.</summary>
    /// <returns>False for a wrong signature, and for a key or signature of the wrong length.</returns>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Require();
        if (publicKey.Length != PublicKeySize || signature.Length != SignatureSize)
            return false;

        using var key = LibCrypto.EVP_PKEY_new_raw_public_key(LibCrypto.Ed25519, 0, publicKey, PublicKeySize);
        using var context = LibCrypto.EVP_MD_CTX_new();
        var valid = !key.IsInvalid && !context.IsInvalid
            && LibCrypto.EVP_DigestVerifyInit(context, 0, 0, 0, key) == 1
            && LibCrypto.EVP_DigestVerify(context, signature, SignatureSize, NeverNull(message), (nuint)message.Length) == 1;
        if (!valid)
            LibCrypto.ERR_clear_error();
        return valid;
    }

    /// <summary>Signs <paramref name="message"/>; the same seed and message always give the same signature.</summary>
    /// <returns>64 bytes.</returns>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        using var key = PrivateKey(seed);
        using var context = LibCrypto.EVP_MD_CTX_new();
        var signature = new byte[SignatureSize];
        nuint length = SignatureSize;
        if (context.IsInvalid
            || LibCrypto.EVP_DigestSignInit(context, 0, 0, 0, key) != 1
            || LibCrypto.EVP_DigestSign(context, signature, ref length, NeverNull(message), (nuint)message.Length) != 1
            || length != SignatureSize)
        {
            LibCrypto.ERR_clear_error();
            throw new InvalidOperationException("libcrypto refused to sign with an Ed25519 key");
        }

        return signature;
    }

    /// <summary>The public key that belongs to <paramref name="seed"/>.</summary>
    /// <returns>32 bytes.</returns>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    public static byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        using var key = PrivateKey(seed);
        var publicKey = new byte[PublicKeySize];
        nuint length = PublicKeySize;
        if (LibCrypto.EVP_PKEY_get_raw_public_key(key, publicKey, ref length) != 1 || length != PublicKeySize)
        {
            LibCrypto.ERR_clear_error();
            throw new InvalidOperationException("libcrypto gave no public key for an Ed25519 seed");
        }

        return publicKey;
    }

    private static LibCrypto.KeyHandle PrivateKey(ReadOnlySpan<byte> seed)
    {
        Require();
        if (seed.Length != SeedSize)
            throw new ArgumentException($"an Ed25519 seed has {SeedSize} bytes, not {seed.Length}", nameof(seed));

        var key = LibCrypto.EVP_PKEY_new_raw_private_key(LibCrypto.Ed25519, 0, seed, SeedSize);
        if (!key.IsInvalid)
            return key;

        key.Dispose();
        LibCrypto.ERR_clear_error();
        throw new InvalidOperationException("libcrypto refused an Ed25519 seed");
    }

    // An empty span may carry a null pointer, which OpenSSL 1.1.1 does not take for an empty message.
    private static ReadOnlySpan<byte> NeverNull(ReadOnlySpan<byte> message) => message.IsEmpty ? new byte[1] : message;

    private static void Require()
    {
        if (UnavailableBecause is { } sentence)
            throw new PlatformNotSupportedException(sentence);
    }
}
