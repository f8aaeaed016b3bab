using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.Fuzzing;

/// <summary>A note that opens has a text that was signed; one that does not says why.</summary>
internal sealed class NoteFuzz : FuzzTarget
{
    private readonly SmallDatabase _database = new();
    private readonly HashSet<string> _signed;

    public NoteFuzz() => _signed = [.. Sound.Select(note =>
        SignedNote.TryOpen(note, [_database.Key], out var opened, out var error) ? opened.Text : throw new InvalidOperationException(error))];

    public override IReadOnlyList<byte[]> Sound => _database.Notes;

    public override bool Holds(byte[] bytes) => SignedNote.TryOpen(bytes, [_database.Key], out var note, out var error)
        ? error is null && _signed.Contains(note.Text) && TreeNote.TryParse(note.Text, out var head, out _) && head.Size > 0
        : error.Length > 0;
}
