using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace ProxyCluster.GoModules.Notes;

/// <summary>
/// The private half of a signer: <c>PRIVATE+KEY+name+hhhhhhhh+base64(1, seed)</c> (spec §5). Its <see cref="ToString"/>
/// does not give the secret away; <see cref="ToPrivateText"/> does.
/// </summary>
public sealed class SignerKey
{
    private const string Prefix = "PRIVATE+KEY+";

    private readonly byte[] _seed;

    private SignerKey(VerifierKey verifier, byte[] seed)
    {
        Verifier = verifier;
        _seed = seed;
    }

    /// <summary>The public half.</summary>
    public VerifierKey Verifier { get; }

    /// <summary>A new key from the system's random source.</summary>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public static SignerKey Generate(string name) => FromSeed(name, RandomNumberGenerator.GetBytes(Ed25519.SeedSize));

    /// <summary>The key that a 32-byte seed gives.</summary>
    /// <exception cref="ArgumentException">The name is not valid, or the seed has not 32 bytes.</exception>
    public static SignerKey FromSeed(string name, ReadOnlySpan<byte> seed) =>
        new(VerifierKey.Create(name, Ed25519.PublicKey(seed)), seed.ToArray());

    /// <summary>Reads the private text form; otherwise says in one sentence, without the secret, what is wrong.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out SignerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        error = null;
        var parts = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..].Split('+', 3) : [];
        if (parts.Length != 3)
            error = "the signer key has not the form PRIVATE+KEY+name+hash+key";
        else if (!KeyName.IsValid(parts[0]))
            error = "the signer key has an empty name or one with a space";
        else if (parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash))
            error = "the signer key has a key hash that is not 8 hexadecimal digits";
        else if (!KeyName.TryDecodeBase64(parts[2], out var decoded))
            error = "the signer key's secret is not base64";
        else if (decoded[0] != KeyName.AlgorithmEd25519)
            error = $"the signer key uses algorithm {decoded[0]}, and only 1 (Ed25519) is known";
        else if (decoded.Length != 1 + Ed25519.SeedSize)
            error = $"the signer key's secret has {decoded.Length - 1} bytes instead of {Ed25519.SeedSize}";
        else if (FromSeed(parts[0], decoded.AsSpan(1)) is var made && made.Verifier.Hash != hash)
            error = "the signer key has a key hash that does not fit its name and secret";
        else
            key = made;

        return key is not null;
    }

    /// <summary>Signs the bytes; 64 bytes, deterministic.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => Ed25519.Sign(_seed, message);

    /// <summary>The private text form. A secret.</summary>
    public string ToPrivateText() =>
        $"{Prefix}{Verifier.Name}+{Verifier.Hash:x8}+{Convert.ToBase64String([KeyName.AlgorithmEd25519, .. _seed])}";

    /// <summary>Name and key hash; never the secret.</summary>
    public override string ToString() => $"{Verifier.Name}+{Verifier.Hash:x8}";
}
