using System.Net;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.Files;

namespace ProxyCluster.Audit;

/// <summary>
/// Clients' addresses, as the log holds them: as they are, or as a keyed hash (HMAC-SHA256, of which 96 bits are kept). Without the
/// key a hash of an IPv4 address would be undone by trying all four billion of them.
/// </summary>
internal sealed class AuditAddresses(byte[]? key)
{
    private const string Mark = "hmac:";
    private const int MinKey = 16;
    private const int MaxKnown = 4096;

    private readonly Dictionary<IPAddress, string> _known = [];

    /// <summary>As configured.</summary>
    public static AuditAddresses Of(AuditOptions options) => new(options is { HashAddresses: true } && FaultOrNull(options) is null ? KeyOf(options) : null);

    /// <summary>What is wrong with the key; null where it is there.</summary>
    public static string? FaultOrNull(AuditOptions options)
    {
        try
        {
            return KeyOf(options).Length >= MinKey ? null : $"give Audit:AddressKeyFile, or Audit:AddressKey, a key of at least {MinKey} characters";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the key cannot be read: {e.Message}";
        }
    }

    /// <summary>How an address is written. For one caller at a time.</summary>
    public string? WriteOrNull(IPAddress? address)
    {
        if (address is null)
            return null;
        if (_known.TryGetValue(address, out var known))
            return known;

        // A few clients ask again and again.
        if (_known.Count >= MaxKnown)
            _known.Clear();
        return _known[address] = Text(address);
    }

    /// <summary>May this text of a line be the address, plain or hashed?</summary>
    public bool Matches(string? written, IPAddress address) =>
        written is not null && (written == Plain(address).ToString() || (key is not null && written == Text(address)));

    private string Text(IPAddress address)
    {
        var plain = Plain(address);
        return key is null ? plain.ToString() : Mark + Convert.ToHexStringLower(HMACSHA256.HashData(key, plain.GetAddressBytes()).AsSpan(0, 12));
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static byte[] KeyOf(AuditOptions options) =>
        Encoding.UTF8.GetBytes(options.AddressKeyFile.Length > 0 ? RegularFile.ReadAllText(options.AddressKeyFile).Trim() : options.AddressKey);
}
