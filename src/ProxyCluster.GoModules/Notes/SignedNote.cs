using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ProxyCluster.GoModules.Notes;

/// <summary>
/// A signed note: text ending with a newline, a blank line, and one line <c>— name base64</c> per signature (spec §5).
/// </summary>
/// <remarks>
/// There is no way to hold one of these without a signature that a known key verified: opening is the only door.
/// Signatures of unknown keys prove nothing and fail nothing; a bad signature under a known key fails the note, since an
/// honest signer has no reason to ship one.
/// </remarks>
public sealed class SignedNote
{
    /// <summary>More signature lines than this are refused: each costs a verification.</summary>
    public const int MaxSignatures = 100;

    private SignedNote(string text, IReadOnlyList<NoteSignature> verified, IReadOnlyList<NoteSignature> unverified)
    {
        Text = text;
        Verified = verified;
        Unverified = unverified;
    }

    /// <summary>The signed text with its final newline. Only its meaning to the signer is promised, not its truth.</summary>
    public string Text { get; }

    /// <summary>One signature for each known key that signed, in the note's order; never empty.</summary>
    public IReadOnlyList<NoteSignature> Verified { get; }

    /// <summary>Signatures of keys that were not given.</summary>
    public IReadOnlyList<NoteSignature> Unverified { get; }

    /// <summary>Opens a note with the known keys; otherwise says in one sentence why it proves nothing.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> message,
        ReadOnlySpan<VerifierKey> known,
        [NotNullWhen(true)] out SignedNote? note,
        [NotNullWhen(false)] out string? error)
    {
        note = null;
        string decoded;
        try
        {
            decoded = KeyName.StrictUtf8.GetString(message);
        }
        catch (DecoderFallbackException)
        {
            error = "the note is not UTF-8";
            return false;
        }

        return TryOpen(decoded, known, out note, out error);
    }

    /// <summary>Opens a note that is already decoded.</summary>
    public static bool TryOpen(
        string message,
        ReadOnlySpan<VerifierKey> known,
        [NotNullWhen(true)] out SignedNote? note,
        [NotNullWhen(false)] out string? error)
    {
        note = null;
        if (!TrySplit(message, out var text, out var signatures, out error))
            return false;

        byte[] signed;
        try
        {
            signed = KeyName.StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            error = "the note is not Unicode text";
            return false;
        }

        List<NoteSignature> verified = [];
        List<NoteSignature> unverified = [];
        HashSet<(string, uint)> seen = [];
        foreach (var signature in signatures)
        {
            if (!TryFindKey(known, signature, out var key, out error))
                return false;

            if (key is null)
            {
                if (!unverified.Contains(signature))
                    unverified.Add(signature);
                continue;
            }

            // Duplicates of a verified key are ignored before their bytes are looked at (spec §5).
            if (!seen.Add((signature.Name, signature.KeyHash)))
                continue;

            if (!key.Verify(signed, Convert.FromBase64String(signature.Base64).AsSpan(sizeof(uint))))
            {
                error = $"the note's signature by {key.Name} is wrong";
                return false;
            }

            verified.Add(signature);
        }

        if (verified.Count == 0)
        {
            error = "the note has no signature by a known key";
            return false;
        }

        note = new SignedNote(text, verified, unverified);
        error = null;
        return true;
    }

    /// <summary>Makes a note: <paramref name="text"/>, a blank line, one signature per signer in the given order.</summary>
    /// <exception cref="ArgumentException">The text does not end with a newline, or holds a control character.</exception>
    public static string Sign(string text, params ReadOnlySpan<SignerKey> signers)
    {
        if (!text.EndsWith('\n') || HasControl(text))
            throw new ArgumentException("a note's text ends with a newline and has no other control character", nameof(text));

        var bytes = KeyName.StrictUtf8.GetBytes(text);
        var note = new StringBuilder(text).Append('\n');
        Span<byte> line = stackalloc byte[sizeof(uint) + Ed25519.SignatureSize];
        foreach (var signer in signers)
        {
            BinaryPrimitives.WriteUInt32BigEndian(line, signer.Verifier.Hash);
            signer.Sign(bytes).CopyTo(line[sizeof(uint)..]);
            note.Append(new NoteSignature(signer.Verifier.Name, signer.Verifier.Hash, Convert.ToBase64String(line)));
        }

        return note.ToString();
    }

    private static bool TrySplit(
        string message, out string text, out List<NoteSignature> signatures, [NotNullWhen(false)] out string? error)
    {
        text = "";
        signatures = [];
        error = null;
        if (HasControl(message))
        {
            error = "the note holds a control character";
            return false;
        }

        // The LAST blank line splits: the text may hold blank lines of its own.
        var split = message.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || split + 2 == message.Length || !message.EndsWith('\n'))
        {
            error = "the note has no signature lines after a blank line, or does not end with a newline";
            return false;
        }

        text = message[..(split + 1)];
        foreach (var line in message[(split + 2)..^1].Split('\n'))
        {
            if (!TryParseSignature(line, out var signature))
            {
                error = "the note has a line among its signatures that is none";
                return false;
            }

            if (signatures.Count == MaxSignatures)
            {
                error = $"the note has more than {MaxSignatures} signatures";
                return false;
            }

            signatures.Add(signature);
        }

        return true;
    }

    private static bool TryParseSignature(string line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith("\u2014 ", StringComparison.Ordinal))
            return false;

        var space = line.IndexOf(' ', 2);
        if (space < 0)
            return false;

        var name = line[2..space];
        var base64 = line[(space + 1)..];
        if (!KeyName.IsValid(name) || !KeyName.TryDecodeBase64(base64, out var bytes) || bytes.Length <= sizeof(uint))
            return false;

        signature = new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), base64);
        return true;
    }

    // The 32-bit hash names a key; two different known keys under one name and hash would make a note ambiguous.
    private static bool TryFindKey(
        ReadOnlySpan<VerifierKey> known, NoteSignature signature, out VerifierKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        error = null;
        foreach (var candidate in known)
        {
            if (candidate.Name != signature.Name || candidate.Hash != signature.KeyHash)
                continue;

            if (key is not null && !key.Equals(candidate))
            {
                error = $"two known keys share the name {key.Name} and the hash {key.Hash:x8}";
                return false;
            }

            key = candidate;
        }

        return true;
    }

    private static bool HasControl(string text)
    {
        foreach (var c in text)
        {
            if (c < ' ' && c != '\n')
                return true;
        }

        return false;
    }
}
