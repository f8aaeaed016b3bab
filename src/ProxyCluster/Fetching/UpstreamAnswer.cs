namespace ProxyCluster.Fetching;

/// <summary>
/// What an upstream answered: a body to be read once, forward, while the attempt lasts. Reading past a limit of size or
/// time, or over a broken connection, throws <see cref="UpstreamBodyException"/>; the chain recognises that failure by
/// itself, so a consumer neither catches nor translates it.
/// </summary>
internal sealed class UpstreamAnswer : IAsyncDisposable
{
    private readonly IDisposable? _owner;

    /// <summary>An answer with a body; <paramref name="owner"/> goes when the answer goes.</summary>
    public UpstreamAnswer(string upstream, UpstreamBody body, IDisposable? owner = null)
        : this(upstream, (Stream)body, owner)
    {
    }

    private UpstreamAnswer(string upstream, Stream body, IDisposable? owner)
    {
        Upstream = upstream;
        Body = body;
        _owner = owner;
    }

    /// <summary>Display name of the upstream, without credentials.</summary>
    public string Upstream { get; }

    /// <summary>The body; empty when not modified.</summary>
    public Stream Body { get; }

    /// <summary>Bytes in the body, if the upstream said so.</summary>
    public long? Length { get; init; }

    /// <summary>Entity tag as received, or null.</summary>
    public string? ETag { get; init; }

    /// <summary>Modification time, or null.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Media type without parameters, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>True when what the request's validators describe is still current; there is no body then.</summary>
    public bool NotModified { get; private init; }

    /// <summary>What broke while the body was read, or null.</summary>
    internal UpstreamFault? BodyFault => (Body as UpstreamBody)?.Fault;

    /// <summary>Body bytes read so far.</summary>
    internal long BytesRead => (Body as UpstreamBody)?.BytesRead ?? 0;

    /// <summary>The answer that what the asker holds is current.</summary>
    public static UpstreamAnswer Unchanged(string upstream, UpstreamValidators validators) =>
        new(upstream, Stream.Null, owner: null)
        {
            NotModified = true,
            ETag = validators.ETag,
            LastModified = validators.LastModified,
        };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Body.DisposeAsync();
        _owner?.Dispose();
    }
}
