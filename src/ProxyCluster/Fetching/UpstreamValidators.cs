namespace ProxyCluster.Fetching;

/// <summary>The validators of an earlier answer. They are sent to the upstream that gave them and to no other.</summary>
/// <param name="Upstream">Display name of that upstream (<see cref="UpstreamAnswer.Upstream"/>).</param>
/// <param name="ETag">Its entity tag as received, quotes included, or null.</param>
/// <param name="LastModified">Its modification time, or null.</param>
internal sealed record UpstreamValidators(string Upstream, string? ETag, DateTimeOffset? LastModified);
