namespace ProxyCluster.Rulings;

/// <summary>
/// The rulings that this member obeys: those that it heard of last. Read from memory, by everybody who stores, judges or serves.
/// </summary>
internal sealed class RulingBook
{
    /// <summary>The name under which the cluster agrees on them.</summary>
    public const string Name = "rulings";

    private State _state = new(RulingSet.Empty, 1);

    /// <summary>Those in force.</summary>
    public RulingSet Current => Volatile.Read(ref _state).Rulings;

    /// <summary>Counts changes, from 1. Hot path.</summary>
    public int Version => Volatile.Read(ref _state).Version;

    /// <summary>Takes what the cluster has agreed on; what is wrong with it, in which case nothing changes, or null.</summary>
    public string? TakeOrFault(ReadOnlyMemory<byte> json)
    {
        var rulings = RulingSet.Empty;
        if (!json.IsEmpty && !RulingSet.TryParse(json.Span, out rulings!, out var error))
            return error;

        // One at a time: by whoever follows what is agreed on.
        var before = Volatile.Read(ref _state);
        Volatile.Write(ref _state, new State(rulings, before.Version + 1));
        return null;
    }

    private sealed record State(RulingSet Rulings, int Version);
}
