using ProxyCluster.Storage;

namespace ProxyCluster.Queries;

/// <summary>What upstream answered to a query, and when.</summary>
/// <param name="Body">The bytes that clients get: a merged list, or the JSON as upstream gave it.</param>
/// <param name="AskedAt">When upstream last confirmed it, UTC.</param>
/// <param name="Upstream">The upstream that gave it, without credentials; validators go to no other.</param>
/// <param name="ETag">Upstream's entity tag, for conditional revalidation.</param>
/// <param name="LastModified">Upstream's modification time, for the same.</param>
internal sealed record QueryAnswer(
    byte[] Body, DateTimeOffset AskedAt, string Upstream, string? ETag, DateTimeOffset? LastModified)
{
    private string? _bodyTag;

    /// <summary>What clients get.</summary>
    public byte[] Body
    {
        get;
        init
        {
            field = value;
            _bodyTag = null;
        }
    } = Body;

    /// <summary>Our own entity tag, of <see cref="Body"/>: a merged list is not what upstream's tag is about.</summary>
    public string BodyTag => _bodyTag ??= EntityTag.Of(Body);
}
