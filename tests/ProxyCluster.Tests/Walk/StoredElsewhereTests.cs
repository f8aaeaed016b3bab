using System.Text;
using System.Text.Json;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Lines;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Walk;

/// <summary>What a silo lists of versions that upstream has withdrawn, by the word of another one.</summary>
public sealed class StoredElsewhereTests
{
    private const string List = "/example.com/lib/@v/list";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1.1.0\nv1.9.0\n", "v1.0.0\nv1.1.0\n")] // what it has is listed still; what was never listed is not for it to say
    [InlineData("", "v1.0.0\n")]
    [InlineData(null, "v1.0.0\nv1.1.0\nv1.2.0\n")] // it does not answer, or does not know the question: it may have them
    public async Task Version_Withdrawn_IsListedAsAnotherSiloSays(string? says, string expected)
    {
        await using var upstream = UpstreamServer.Start();
        await using var site = await PeerSite.StartAsync();
        var peer = await site.ScriptAsync("frankfurt", async (context, target) =>
        {
            if (says is not null && target.Contains("/stored/", StringComparison.Ordinal))
            {
                await ScriptedPeer.FrameAsync(context, PeerFrameType.Answer, JsonSerializer.SerializeToUtf8Bytes(
                    new PeerAnswer(Encoding.UTF8.GetBytes(says), 0, ""), PeerJson.Default.PeerAnswer));
            }
            else
            {
                context.Response.StatusCode = 404;
            }
        });
        var silo = await site.AddAsync(
            "tokyo", Role.Silo, (SettingKeys.Upstreams, upstream.Url),
            ("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"), ("Queries:BridgeFor", "100ms"));
        upstream.Put(List, "v1.0.0\nv1.1.0\nv1.2.0\n");
        Assert.Equal("v1.0.0\nv1.1.0\nv1.2.0\n", await ListAsync());
        Assert.DoesNotContain(peer.Asked, IsOfStore);

        // The answer that has the peer asked is the one that its word counts for.
        upstream.Put(List, "v1.0.0\n");
        string listed;
        do
            listed = await ListAsync();
        while (!peer.Asked.Any(IsOfStore));
        Assert.Equal(expected, listed);

        Task<string> ListAsync() => site.Client.GetStringAsync(new Uri(silo.Urls.First() + List), Cancel);
        static bool IsOfStore(string target) => target.Contains("/stored/example.com/lib/@v/list", StringComparison.Ordinal);
    }
}
