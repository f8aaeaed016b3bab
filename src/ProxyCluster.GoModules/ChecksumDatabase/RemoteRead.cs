namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>What became of one read from a checksum database.</summary>
public enum RemoteStatus
{
    /// <summary>It answered with bytes.</summary>
    Found,

    /// <summary>It answered that there is no such thing (404 or 410).</summary>
    NotFound,

    /// <summary>It could not be asked, or answered that it cannot answer now.</summary>
    Unavailable,

    /// <summary>It was not asked: too many others wait to.</summary>
    Overloaded,
}

/// <summary>Bytes from a checksum database, or why there are none.</summary>
/// <param name="Status">Which of them.</param>
/// <param name="Body">The bytes; empty unless found.</param>
/// <param name="Message">One sentence unless found.</param>
/// <param name="RetryAfter">When the database said to ask again, or null.</param>
public readonly record struct RemoteRead(RemoteStatus Status, ReadOnlyMemory<byte> Body, string Message, TimeSpan? RetryAfter = null)
{
    /// <summary>An answer with bytes.</summary>
    public static RemoteRead Found(ReadOnlyMemory<byte> body) => new(RemoteStatus.Found, body, "");

    /// <summary>An answer that there is no such thing.</summary>
    public static RemoteRead NotFound(string message) => new(RemoteStatus.NotFound, default, message);

    /// <summary>No answer for now.</summary>
    public static RemoteRead Unavailable(string message, TimeSpan? retryAfter = null) =>
        new(RemoteStatus.Unavailable, default, message, retryAfter);

    /// <summary>Not asked, for want of room.</summary>
    public static RemoteRead Overloaded(string message) => new(RemoteStatus.Overloaded, default, message);
}
