namespace ProxyCluster.Queries;

/// <summary>What upstream answered to a query, and when.</summary>
/// <param name="Body">
/// What upstream said: a list's tagged versions, or the JSON as it came. Memory, disk and other members know this and only
/// this; what clients see is made of it (<see cref="QueryView"/>).
/// </param>
/// <param name="AskedAt">When upstream last confirmed it, UTC.</param>
/// <param name="Upstream">The upstream that gave it, without credentials; validators go to no other.</param>
/// <param name="ETag">Upstream's entity tag, for conditional revalidation.</param>
/// <param name="LastModified">Upstream's modification time, for the same.</param>
internal sealed record QueryAnswer(
    byte[] Body, DateTimeOffset AskedAt, string Upstream, string? ETag, DateTimeOffset? LastModified)
{
    /// <summary>Of a list, versions that it does not name and an answer shortly before it did, with that answer's time; or null.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? Bridged { get; init; }
}

/// <summary>A body as clients get it.</summary>
/// <param name="Body">The bytes.</param>
/// <param name="Tag">Our own entity tag of them: what we list is not what upstream's tag is about.</param>
/// <param name="AcceptedBy">Version of the gate that let it through to anybody; 0 where it must be judged before it is served.</param>
internal sealed record ServedBody(byte[] Body, string Tag, int AcceptedBy);
