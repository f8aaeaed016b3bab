using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>A name of a host or zone: ASCII, in lower case (which TSIG hashes, RFC 8945 §4.3.3), as text and as it travels.</summary>
internal sealed record DnsName
{
    private const int MaxLabel = 63;
    private const int MaxLength = 253;

    private DnsName(string text) => Text = text;

    /// <summary>Without a dot at the end.</summary>
    public string Text { get; }

    /// <summary>Reads a name; a dot at its end is allowed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DnsName? name)
    {
        name = null;
        text = text.EndsWith('.') ? text[..^1] : text;
        if (text.Length is 0 or > MaxLength
            || text.Split('.').Any(static label => label.Length is 0 or > MaxLabel || !label.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '*')))
            return false;
        name = new DnsName(text.ToLowerInvariant());
        return true;
    }

    /// <summary>Is it the zone's own name, or one below it?</summary>
    public bool IsIn(DnsName zone) => Text == zone.Text || Text.EndsWith("." + zone.Text, StringComparison.Ordinal);

    /// <summary>Labels with their lengths, and the root's (RFC 1035 §3.1), without compression.</summary>
    public byte[] Wire()
    {
        var wire = new List<byte>(Text.Length + 2);
        foreach (var label in Text.Split('.'))
        {
            wire.Add((byte)label.Length);
            wire.AddRange(Encoding.ASCII.GetBytes(label));
        }

        wire.Add(0);
        return [.. wire];
    }
}
