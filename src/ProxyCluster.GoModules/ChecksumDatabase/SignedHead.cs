using System.Diagnostics.CodeAnalysis;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>The remembered tree head was damaged or gone, and another one was taken in its place.</summary>
/// <param name="Damaged">What stood in its place; null where nothing did.</param>
/// <param name="Taken">The largest tree of the lookups that are kept. What the log signed between the two is forgotten.</param>
public sealed record HealedHead(string? Damaged, SignedHead Taken);

/// <summary>A tree with the note that signs it, opened with the pinned key.</summary>
/// <param name="Tree">Size and root.</param>
/// <param name="Note">The signed note, verbatim.</param>
public sealed record SignedHead(TreeHead Tree, string Note)
{
    internal static bool TryOpen(
        string note, VerifierKey key, [NotNullWhen(true)] out SignedHead? head, [NotNullWhen(false)] out ChecksumFailure? failure)
    {
        head = null;
        failure = null;
        if (!SignedNote.TryOpen(note, [key], out var opened, out var error))
            failure = new(ChecksumFailureKind.BadSignature, $"the signed tree of {key.Name} is not valid: {error}");
        else if (!TreeNote.TryParse(opened.Text, out var tree, out error))
            failure = new(ChecksumFailureKind.Malformed, $"the signed note of {key.Name} is no tree: {error}");
        else
            head = new SignedHead(tree, note);

        return head is not null;
    }
}
