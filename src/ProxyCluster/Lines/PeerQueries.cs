using System.Text.Json;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Lines;

/// <summary>Asks the owner of a module path what it knows about a query.</summary>
internal sealed class PeerQueries(PeerLines lines)
{
    /// <summary>The peer's answer; <paramref name="key"/> is the query's path in a URL.</summary>
    public Task<Outcome<PeerAnswer>> AskAsync(Member peer, string key, Action alive, CancellationToken cancel) =>
        lines.AskAsync(
            peer,
            PeerTarget.Query(key),
            PeerFrameType.Answer,
            (payload, _, _) => Task.FromResult<Outcome<PeerAnswer>>(
                JsonSerializer.Deserialize(payload, PeerJson.Default.PeerAnswer) is { } answer
                    ? answer
                    : PeerCalls.Unavailable(peer, "its answer cannot be read")),
            alive,
            cancel);
}
