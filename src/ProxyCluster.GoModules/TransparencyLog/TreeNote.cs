using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>
/// The text that a checksum database signs: <c>go.sum database tree</c>, the size, the root in base64, one line each
/// (spec §5). Further lines are signed over and tolerated, and nothing is ever read from them.
/// </summary>
public static class TreeNote
{
    private const string Header = "go.sum database tree\n";

    /// <summary>Reads the text of an opened note; otherwise says in one sentence why it is no tree.</summary>
    public static bool TryParse(string text, out TreeHead head, [NotNullWhen(false)] out string? error)
    {
        head = default;
        error = null;
        var lines = text.Split('\n');
        if (!text.StartsWith(Header, StringComparison.Ordinal) || lines.Length < 4 || text.Length > 1_000_000)
            error = "the note does not describe a tree of a checksum database";
        else if (!CanonicalNumber.TryParse(lines[1], out var size))
            error = $"the tree's size \"{lines[1]}\" is not a plain decimal number";
        else if (lines[2].Length != 44 || !Digest.TryParseBase64(lines[2], out var root))
            error = "the tree's root is not the base64 of 32 bytes";
        else
            head = new TreeHead(size, root);

        return error is null;
    }

    /// <summary>The text to sign for a tree.</summary>
    public static string Format(TreeHead head) =>
        string.Create(CultureInfo.InvariantCulture, $"{Header}{head.Size}\n{head.Root.ToBase64()}\n");
}
