using System.Text.Json;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Lines;

/// <summary>Asks the owner of a module path what it knows about a query, or any silo what its store says to it.</summary>
internal sealed class PeerQueries(PeerLines lines)
{
    /// <summary>The peer's answer; <paramref name="key"/> is the query's path in a URL.</summary>
    public Task<Outcome<PeerAnswer>> AskAsync(Member peer, string key, Action alive, CancellationToken cancel) =>
        SendAsync(peer, PeerTarget.Query(key), alive, cancel);

    /// <summary>What the peer's store says to a list by itself: nothing, where it has no version of the module.</summary>
    public Task<Outcome<PeerAnswer>> AskStoreAsync(Member peer, string key, CancellationToken cancel) =>
        SendAsync(peer, PeerTarget.Stored(key), static () => { }, cancel);

    private Task<Outcome<PeerAnswer>> SendAsync(Member peer, string target, Action alive, CancellationToken cancel) =>
        lines.AskAsync(
            peer,
            target,
            PeerFrameType.Answer,
            (payload, _, _) => Task.FromResult<Outcome<PeerAnswer>>(
                JsonSerializer.Deserialize(payload, PeerJson.Default.PeerAnswer) is { } answer
                    ? answer
                    : PeerCalls.Unavailable(peer, "its answer cannot be read")),
            alive,
            cancel);
}
