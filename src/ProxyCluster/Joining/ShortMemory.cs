namespace ProxyCluster.Joining;

/// <summary>
/// What was learned a moment ago, within a budget of bytes: strangers choose the names, so a number of entries bounds nothing.
/// </summary>
/// <param name="budget">The most that all entries may hold together, in bytes.</param>
/// <param name="keptFor">How long a thing is true.</param>
/// <param name="clock">Tells how long ago it was learned.</param>
internal sealed class ShortMemory<T>(long budget, TimeSpan keptFor, TimeProvider clock)
    where T : class
{
    // The value and the note, and the header of the message.
    private const int Fixed = 160;

    private readonly WeightedCache<Note> _notes = new(budget);

    /// <summary>What was learned of a key, while it is true.</summary>
    public T? FindOrNull(string key)
    {
        if (_notes.FindOrNull(key) is not { } note)
            return null;
        if (clock.GetElapsedTime(note.At) < keptFor)
            return note.Value;
        _notes.Remove(key);
        return null;
    }

    /// <summary>Learns something of a key, with a message that it holds.</summary>
    public void Remember(string key, T value, string message) => Remember(key, value, 2L * message.Length);

    /// <summary>The same for something that takes so many bytes.</summary>
    public void Remember(string key, T value, long bytes) => _notes.Set(key, new Note(value, clock.GetTimestamp()), Fixed + bytes);

    private sealed record Note(T Value, long At);
}
