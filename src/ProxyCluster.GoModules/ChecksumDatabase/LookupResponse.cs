using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// The answer to a lookup, taken apart and not yet believed: the record's number, its text, and the signed tree
/// (spec §5). Nothing in it is true before a client has proven it.
/// </summary>
/// <param name="RecordId">Zero-based number of the record.</param>
/// <param name="RecordText">go.sum lines, each ending with a newline, no blank line.</param>
/// <param name="SignedTree">The signed tree note.</param>
public sealed record LookupResponse(long RecordId, string RecordText, string SignedTree)
{
    /// <summary>Takes a response apart; otherwise says in one sentence what is wrong with its form.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out LookupResponse? response, [NotNullWhen(false)] out string? error)
    {
        response = null;
        error = null;
        string text;
        try
        {
            text = KeyName.StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            error = "the lookup response is not UTF-8";
            return false;
        }

        // The FIRST blank line ends the record: whatever stands below belongs to the note and proves no hash.
        var idEnd = text.IndexOf('\n', StringComparison.Ordinal);
        var recordEnd = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (idEnd < 0 || recordEnd <= idEnd)
            error = "the lookup response has not the form of a number, a record, a blank line and a signed tree";
        else if (!CanonicalNumber.TryParse(text.AsSpan(0, idEnd), out var id))
            error = "the lookup response does not begin with a record number";
        else if (text[(idEnd + 1)..(recordEnd + 1)] is var record && !IsRecordText(record))
            error = "the lookup response has a record with a control character";
        else
            response = new LookupResponse(id, record, text[(recordEnd + 2)..]);

        return response is not null;
    }

    /// <summary>The response's bytes.</summary>
    public byte[] ToBytes() =>
        KeyName.StrictUtf8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{RecordId}\n{RecordText}\n{SignedTree}"));

    /// <summary>True for a non-empty text of non-empty lines without control characters, ending with a newline.</summary>
    public static bool IsRecordText(string text)
    {
        if (!text.EndsWith('\n') || text.StartsWith('\n') || text.Contains("\n\n", StringComparison.Ordinal))
            return false;

        foreach (var c in text)
        {
            if (c < ' ' && c != '\n')
                return false;
        }

        return true;
    }
}
