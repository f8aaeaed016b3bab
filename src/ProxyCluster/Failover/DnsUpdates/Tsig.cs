using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>
/// Signatures of messages (RFC 8945): the last record of a message carries an HMAC over the message without it, and over what the
/// record says itself. An answer's also covers the question's, so that no answer can be played to another question.
/// </summary>
internal static class Tsig
{
    private const ushort AnyClass = 255;
    private const ushort Fudge = 300; // seconds, as the RFC recommends (§10)
    private const int AdditionalCount = 10; // where a message says how many records of that section follow
    private const int MacLength = 32;

    private static readonly byte[] Algorithm = Wire(TsigKey.Algorithm);

    /// <summary>The message with its signature, and the signature alone, which the answer is held against.</summary>
    public static (byte[] Message, byte[] Mac) Sign(ReadOnlySpan<byte> message, TsigKey key, DateTimeOffset now)
    {
        var variables = Variables(key, (ulong)now.ToUnixTimeSeconds(), Fudge, 0, []);
        var mac = HMACSHA256.HashData(key.Secret, (byte[])[.. message, .. variables]);

        using var signed = new MemoryStream();
        signed.Write(message);
        signed.Write(key.Name.Wire());
        DnsUpdate.Put16(signed, TsigRecord.Type);
        DnsUpdate.Put16(signed, AnyClass);
        signed.Write(stackalloc byte[4]); // time to live
        DnsUpdate.Put16(signed, (ushort)(Algorithm.Length + 16 + mac.Length));
        signed.Write(Algorithm);
        Put48(signed, (ulong)now.ToUnixTimeSeconds());
        DnsUpdate.Put16(signed, Fudge);
        DnsUpdate.Put16(signed, (ushort)mac.Length);
        signed.Write(mac);
        signed.Write(message[..2]); // the id, once more
        DnsUpdate.Put16(signed, 0); // error
        DnsUpdate.Put16(signed, 0); // length of other data
        var bytes = signed.ToArray();
        var count = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(AdditionalCount));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(AdditionalCount), (ushort)(count + 1));
        return (bytes, mac);
    }

    /// <summary>
    /// Is the answer of whoever has the key, and to that question? Otherwise says why not, in words; <see cref="TsigRecord.Error"/> says
    /// what the server disliked about ours.
    /// </summary>
    public static string? FaultOrNull(ReadOnlySpan<byte> answer, TsigRecord? record, TsigKey key, ReadOnlySpan<byte> mac, DateTimeOffset now)
    {
        if (record is null || record.Mac.Length == 0)
            return "the answer is not signed";
        if (record.Mac.Length != MacLength || record.KeyName != key.Name.Text || record.Algorithm != TsigKey.Algorithm)
            return "the answer is signed with another key";

        // As it was before the signature came to it, with its own id.
        var plain = answer[..record.Start].ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(plain, record.OriginalId);
        var count = BinaryPrimitives.ReadUInt16BigEndian(plain.AsSpan(AdditionalCount));
        BinaryPrimitives.WriteUInt16BigEndian(plain.AsSpan(AdditionalCount), (ushort)(count - 1));
        var variables = Variables(key, record.Time, record.Fudge, record.Error, record.Other);
        var wanted = HMACSHA256.HashData(key.Secret, (byte[])[0, (byte)mac.Length, .. mac, .. plain, .. variables]);
        if (!CryptographicOperations.FixedTimeEquals(wanted, record.Mac))
            return "the answer's signature is wrong";
        return Math.Abs(now.ToUnixTimeSeconds() - (long)record.Time) > record.Fudge ? "the answer is from another time" : null;
    }

    private static byte[] Variables(TsigKey key, ulong time, ushort fudge, ushort error, byte[] other)
    {
        using var variables = new MemoryStream();
        variables.Write(key.Name.Wire());
        DnsUpdate.Put16(variables, AnyClass);
        variables.Write(stackalloc byte[4]);
        variables.Write(Algorithm);
        Put48(variables, time);
        DnsUpdate.Put16(variables, fudge);
        DnsUpdate.Put16(variables, error);
        DnsUpdate.Put16(variables, (ushort)other.Length);
        variables.Write(other);
        return variables.ToArray();
    }

    private static void Put48(Stream into, ulong value)
    {
        for (var shift = 40; shift >= 0; shift -= 8)
            into.WriteByte((byte)(value >> shift));
    }

    private static byte[] Wire(string name) => DnsName.TryParse(name, out var parsed) ? parsed.Wire() : throw new ArgumentException(name, nameof(name));
}

/// <summary>A signature as it stands at the end of a message.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="KeyName">The key's name, in lower case.</param>
/// <param name="Algorithm">The algorithm's.</param>
/// <param name="Time">When it was signed, seconds since 1970.</param>
/// <param name="Fudge">By how much clocks may differ.</param>
/// <param name="Mac">The signature; empty where the server could not sign.</param>
/// <param name="OriginalId">The message's id when it was signed.</param>
/// <param name="Error">What was wrong with the question's signature; 0 for nothing.</param>
/// <param name="Other">With a clock that differs, the server's time.</param>
internal sealed record TsigRecord(
    int Start, string KeyName, string Algorithm, ulong Time, ushort Fudge, byte[] Mac, ushort OriginalId, ushort Error, byte[] Other)
{
    /// <summary>The type of such records.</summary>
    public const ushort Type = 250;
}
