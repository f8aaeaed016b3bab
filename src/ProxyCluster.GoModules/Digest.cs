using System.Security.Cryptography;

namespace ProxyCluster.GoModules;

/// <summary>A SHA-256 value: 32 bytes held by value, compared by content. Used for file digests and tree hashes.</summary>
public readonly record struct Digest
{
    /// <summary>Bytes in a digest.</summary>
    public const int Size = 32;

    private readonly ulong _a, _b, _c, _d;

    /// <summary>Takes exactly 32 bytes.</summary>
    /// <exception cref="ArgumentException">Any other length.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"a SHA-256 digest has {Size} bytes, not {bytes.Length}", nameof(bytes));

        _a = BitConverter.ToUInt64(bytes);
        _b = BitConverter.ToUInt64(bytes[8..]);
        _c = BitConverter.ToUInt64(bytes[16..]);
        _d = BitConverter.ToUInt64(bytes[24..]);
    }

    /// <summary>The digest of <paramref name="data"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(data, hash);
        return new Digest(hash);
    }

    /// <summary>Reads 64 hexadecimal digits of either case.</summary>
    public static bool TryParseHex(ReadOnlySpan<char> text, out Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Size];
        digest = default;
        if (text.Length != Size * 2 || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            return false;

        digest = new Digest(bytes);
        return true;
    }

    /// <summary>Reads standard base64 of exactly 32 bytes.</summary>
    public static bool TryParseBase64(ReadOnlySpan<char> text, out Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Size + 3];
        digest = default;
        if (!Convert.TryFromBase64Chars(text, bytes, out var written) || written != Size)
            return false;

        digest = new Digest(bytes[..Size]);
        return true;
    }

    /// <summary>Writes the 32 bytes to the start of <paramref name="destination"/>.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BitConverter.TryWriteBytes(destination, _a);
        BitConverter.TryWriteBytes(destination[8..], _b);
        BitConverter.TryWriteBytes(destination[16..], _c);
        BitConverter.TryWriteBytes(destination[24..], _d);
    }

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>64 lowercase hexadecimal digits.</summary>
    public string ToHex()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Standard base64, 44 characters.</summary>
    public string ToBase64()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToBase64String(bytes);
    }

    /// <inheritdoc/>
    public override string ToString() => ToHex();
}
