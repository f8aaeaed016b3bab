using System.Globalization;
using System.Text.RegularExpressions;
using ProxyCluster.Clustering;
using ProxyCluster.Tests.Clustering;
using StackExchange.Redis;

namespace ProxyCluster.Tests.Silos;

/// <summary>State that an older version left in a real store, with the names of classes and an assembly that are gone.</summary>
[Trait("Needs", "redis")]
public sealed partial class YesterdaysStateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Table_WrittenByAnOlderVersion_IsTheClustersTable()
    {
        await using var site = await OrleansSite.OpenAsync();
        await LeaveTableBehindAsync(site);
        await RewriteAsync(site, static table =>
            $$"""{"$id":"1","$type":"ProxyCluster.Orleans.Engine.FailoverState, proxycluster-orleans","Table":{"$type":"System.Byte[], System.Private.CoreLib","$value":"{{table}}"},"Term":41,"Holder":"10.0.0.1:11111@5","Member":"old"}""");

        var engine = await site.JoinAsync("b");

        await engine.UntilAsync(static view => view.Routing.Epoch == 1 && view.AuthorityId == "b");
        Assert.Equal(PublishStatus.Published, (await engine.TryPublishAsync(EngineConformance.Table(2, engine), Cancel)).Status);
    }

    [Fact]
    public async Task Table_ThatCannotBeRead_IsLeftAsItIs()
    {
        await using var site = await OrleansSite.OpenAsync();
        await LeaveTableBehindAsync(site);
        await RewriteAsync(site, static _ => """{"Table":{"of":"another version"}}""");

        var engine = await site.JoinAsync("b");
        await engine.UntilAsync(static view => view.AuthorityId == "b");

        Assert.Equal(PublishStatus.Unavailable, (await engine.TryPublishAsync(EngineConformance.Table(1, engine), Cancel)).Status);
        await RewriteAsync(site, static _ => "", expected: """{"Table":{"of":"another version"}}""");
    }

    private static async Task LeaveTableBehindAsync(OrleansSite site)
    {
        var engine = await site.JoinAsync("a");
        await new[] { engine }.UntilAuthorityAsync();
        Assert.Equal(PublishStatus.Published, (await engine.TryPublishAsync(EngineConformance.Table(1, engine), Cancel)).Status);
        await engine.LeaveAsync(Cancel);
    }

    /// <summary>Puts another text in the place of the failover grain's.</summary>
    private static async Task RewriteAsync(OrleansSite site, Func<string, string> textOf, string? expected = null)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{site.RedisPort}"));
        var database = redis.GetDatabase();
        var key = Assert.Single(redis.GetServers()[0].Keys(pattern: "*failover*"));
        var text = (string)(await database.HashGetAsync(key, "data"))!;
        if (expected is not null)
            Assert.Equal(expected, text);
        else
            await database.HashSetAsync(key, "data", textOf(TableText().Match(text).Groups[1].Value));
    }

    [GeneratedRegex("\"([A-Za-z0-9+/=]{20,})\"")]
    private static partial Regex TableText();
}
