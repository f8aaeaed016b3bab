using ProxyCluster.Audit;

namespace ProxyCluster.Seals;

/// <summary>The seals that this member has heard of. Each new entry is noted in its own log: every log holds the history of all.</summary>
internal sealed class SealBook(AuditLog log)
{
    /// <summary>The name under which the cluster agrees on them.</summary>
    public const string Name = "seals";

    private SealSet _current = SealSet.Empty;

    /// <summary>The newest.</summary>
    public SealSet Current => Volatile.Read(ref _current);

    /// <summary>Takes what the cluster has agreed on; what is wrong with it, in which case nothing changes, or null.</summary>
    public string? TakeOrFault(ReadOnlyMemory<byte> json)
    {
        if (!SealSet.TryParse(json.Span, out var next, out var error))
            return error;

        // When a round ends, its entry is what it will be.
        var before = Current;
        Volatile.Write(ref _current, next);
        if (next.Number > before.Number && next is { Prev: { } hash })
            log.Note(new(log.Now, AuditWord.Sealed) { Text = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"entry {next.Number - 1} {hash}") });
        return null;
    }
}
