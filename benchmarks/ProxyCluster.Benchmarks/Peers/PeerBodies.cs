using System.Net;
using System.Security.Cryptography;

namespace ProxyCluster.Benchmarks.Peers;

/// <summary>
/// Asks every peer for every path once, which warms them as well, and holds their bodies against the first one's. Who serves
/// other bytes does other work, and no ratio says anything of it.
/// </summary>
internal static class PeerBodies
{
    /// <summary>What differs, a sentence for each path and peer; empty where nothing does.</summary>
    public static async Task<IReadOnlyList<string>> CompareAsync(HttpClient client, IReadOnlyList<Peer> peers, IEnumerable<string> paths)
    {
        var differences = new List<string>();
        foreach (var path in paths)
        {
            var answers = new List<string>();
            foreach (var peer in peers)
                answers.Add(await AskAsync(client, peer, path));
            for (var i = 0; i < peers.Count; i++)
            {
                if (!answers[i].StartsWith(Sha256, StringComparison.Ordinal))
                    differences.Add($"{path}: {peers[i].Name} {answers[i]}");
                else if (answers[0].StartsWith(Sha256, StringComparison.Ordinal) && answers[i] != answers[0])
                    differences.Add($"{path}: {peers[0].Name} serves {answers[0]}, {peers[i].Name} {answers[i]}");
            }
        }

        return differences;
    }

    private const string Sha256 = "sha256:";

    private static async Task<string> AskAsync(HttpClient client, Peer peer, string path)
    {
        try
        {
            using var answer = await client.GetAsync(peer.UrlOf(path), HttpCompletionOption.ResponseHeadersRead);
            await using var body = await answer.Content.ReadAsStreamAsync();
            return answer.StatusCode == HttpStatusCode.OK
                ? Sha256 + Convert.ToHexStringLower(await SHA256.HashDataAsync(body))
                : $"answers {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return $"does not answer: {e.Message}";
        }
    }
}
