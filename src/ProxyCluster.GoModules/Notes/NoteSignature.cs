namespace ProxyCluster.GoModules.Notes;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">The signer's name as the line gives it.</param>
/// <param name="KeyHash">The key hash in front of the signature bytes.</param>
/// <param name="Base64">Key hash and signature, as they stand in the line.</param>
public sealed record NoteSignature(string Name, uint KeyHash, string Base64)
{
    /// <summary>The line with its newline.</summary>
    public override string ToString() => $"\u2014 {Name} {Base64}\n";
}
