using System.Text.Json.Serialization;
using ProxyCluster.Storage;

namespace ProxyCluster.Queries;

/// <summary>What upstream answered to a query, and when.</summary>
/// <param name="Body">
/// What upstream said: the merged list, or the JSON as it came. Memory, disk, merges and other members know this and only
/// this; clients get <see cref="Served"/>.
/// </param>
/// <param name="AskedAt">When upstream last confirmed it, UTC.</param>
/// <param name="Upstream">The upstream that gave it, without credentials; validators go to no other.</param>
/// <param name="ETag">Upstream's entity tag, for conditional revalidation.</param>
/// <param name="LastModified">Upstream's modification time, for the same.</param>
internal sealed record QueryAnswer(
    byte[] Body, DateTimeOffset AskedAt, string Upstream, string? ETag, DateTimeOffset? LastModified)
{
    private ServedBody? _served;

    /// <summary>What upstream said.</summary>
    public byte[] Body
    {
        get;
        init
        {
            field = value;
            _served = null;
        }
    } = Body;

    /// <summary>What clients get of it, made once: all that upstream said.</summary>
    [JsonIgnore]
    public ServedBody Served => _served ??= new ServedBody(Body, EntityTag.Of(Body));
}

/// <summary>A body as clients get it.</summary>
/// <param name="Body">The bytes.</param>
/// <param name="Tag">Our own entity tag of them: a merged list is not what upstream's tag is about.</param>
internal sealed record ServedBody(byte[] Body, string Tag)
{
    /// <summary>
    /// Version of the gate that let it through to anybody; 0 where it must be judged before it is served. Written without a
    /// lock: a write that is lost costs one more judgement.
    /// </summary>
    public int AcceptedBy { get; set; }
}
