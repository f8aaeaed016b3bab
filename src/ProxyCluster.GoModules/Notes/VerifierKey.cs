using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ProxyCluster.GoModules.Notes;

/// <summary>
/// The public half of a signer, as it is pinned: <c>name+hhhhhhhh+base64</c> (spec §5). The hash ties the key to the
/// name, so a key cannot be passed off under another one.
/// </summary>
public sealed class VerifierKey : IEquatable<VerifierKey>
{
    private readonly byte[] _publicKey;

    private VerifierKey(string name, uint hash, byte[] publicKey)
    {
        Name = name;
        Hash = hash;
        _publicKey = publicKey;
    }

    /// <summary>The signer's name, <c>sum.golang.org</c>.</summary>
    public string Name { get; }

    /// <summary>The key hash that signature lines carry.</summary>
    public uint Hash { get; }

    /// <summary>The Ed25519 public key, 32 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>Reads <c>name+hash+base64</c>; otherwise says in one sentence what is wrong with it.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out VerifierKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        error = null;

        // base64 has plus signs of its own, so only the first two split.
        var parts = text.Split('+', 3);
        if (parts.Length != 3)
            error = $"verifier key \"{text}\" has not the form name+hash+key";
        else if (!KeyName.IsValid(parts[0]))
            error = $"verifier key \"{text}\" has an empty name or one with a space";
        else if (parts[1].Length != 8 || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _))
            error = $"verifier key \"{text}\" has a key hash that is not 8 hexadecimal digits";
        else if (!KeyName.TryDecodeBase64(parts[2], out var decoded))
            error = $"verifier key \"{text}\" has a key that is not base64";
        else if (decoded[0] != KeyName.AlgorithmEd25519)
            error = $"verifier key \"{text}\" uses algorithm {decoded[0]}, and only 1 (Ed25519) is known";
        else if (decoded.Length != 1 + Ed25519.PublicKeySize)
            error = $"verifier key \"{text}\" has {decoded.Length - 1} key bytes instead of {Ed25519.PublicKeySize}";
        else if (KeyName.HashOf(parts[0], decoded.AsSpan(1)) is var hash
            && hash != uint.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            error = $"verifier key \"{text}\" has a key hash that does not fit its name and key";
        else
            key = new VerifierKey(parts[0], hash, decoded[1..]);

        return key is not null;
    }

    /// <summary>The verifier key for a public key under a name.</summary>
    /// <exception cref="ArgumentException">The name is not valid, or the key has not 32 bytes.</exception>
    public static VerifierKey Create(string name, ReadOnlySpan<byte> publicKey)
    {
        if (!KeyName.IsValid(name))
            throw new ArgumentException("a key's name is not empty and has no space and no plus sign", nameof(name));
        if (publicKey.Length != Ed25519.PublicKeySize)
            throw new ArgumentException($"an Ed25519 public key has {Ed25519.PublicKeySize} bytes", nameof(publicKey));

        return new VerifierKey(name, KeyName.HashOf(name, publicKey), publicKey.ToArray());
    }

    /// <summary>True when <paramref name="signature"/> (64 bytes) is this key's over <paramref name="message"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Ed25519.Verify(_publicKey, message, signature);

    /// <inheritdoc/>
    public bool Equals(VerifierKey? other) =>
        other is not null && Name == other.Name && Hash == other.Hash && _publicKey.AsSpan().SequenceEqual(other._publicKey);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerifierKey);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Hash);

    /// <summary>The text form, <c>name+hash+base64</c>.</summary>
    public override string ToString() =>
        $"{Name}+{Hash:x8}+{Convert.ToBase64String([KeyName.AlgorithmEd25519, .. _publicKey])}";
}
