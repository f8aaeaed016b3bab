using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Routing;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Copies;

public sealed class LastCopyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_OwnersHaveChangedAndUpstreamIsAway_TheOldOwnersCopyIsServed()
    {
        await using var site = await PeerSite.StartAsync();
        var names = site.RegionsInOwnerOrder("a", "b", "c");
        var old = await site.AddAsync(names[2], Role.All);
        using (var first = await site.Client.GetAsync(old.Urls.First() + site.Zip, Cancel))
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        var home = await site.AddAsync(names[0], Role.All);
        var next = await site.AddAsync(names[1], Role.All);
        await site.Engines.ToArray().UntilMembersAsync([.. site.Engines.Select(static engine => engine.Self!.Id)]);
        site.World.Upstream.IsRefusing = true;

        foreach (var silo in new[] { home, next })
        {
            using var answer = await site.Client.GetAsync(silo.Urls.First() + site.Zip, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(site.Module.Zip, await answer.Content.ReadAsByteArrayAsync(Cancel));
        }

        // And what nobody has is told as before.
        using var nowhere = await site.Client.GetAsync(
            $"{home.Urls.First()}/{site.Other.Module.Path.Escaped}/@v/{site.Other.Module.EscapedVersion}.zip", Cancel);
        Assert.InRange((int)nowhere.StatusCode, 502, 504);
    }

    [Fact]
    public async Task Get_NobodyHasItWhileUpstreamIsAway_TheOthersAreAskedOnceForAWhile()
    {
        await using var site = await PeerSite.StartAsync();
        var names = site.RegionsInOwnerOrder("a", "b");
        var other = await site.ScriptAsync(names[0], static (context, target) => target.Contains("/stored/", StringComparison.Ordinal)
            ? ScriptedPeer.FrameAsync(context, PeerFrameType.Failure, PeerFailure.Write(new Failure(FailureKind.NotCached, "not here")))
            : ScriptedPeer.FrameAsync(context, PeerFrameType.Failure, PeerFailure.Write(new Failure(FailureKind.UpstreamUnavailable, "away"))));
        var silo = await site.AddAsync(names[1], Role.Silo, ("LastCopy:NobodyFor", "10m"));
        site.World.Upstream.IsRefusing = true;

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => GetAsync()));
        await GetAsync();

        Assert.Single(other.Asked, static target => target.Contains("/stored/", StringComparison.Ordinal));

        async Task GetAsync()
        {
            using var answer = await site.Client.GetAsync(silo.Urls.First() + site.Zip, Cancel);
            Assert.InRange((int)answer.StatusCode, 502, 504);
        }
    }

    [Fact]
    public void Places_OfADrainedRegion_AreAmongThem()
    {
        Member self = Silo("self", "tokyo"), near = Silo("near", "tokyo"), drained = Silo("drained", "paris");
        var door = new Member("door", "tokyo", new Uri("http://127.0.0.1:1"), Role.FrontEnd, "");
        var view = new ClusterView([door, drained, near, self], RoutingTable.Empty with
        {
            Epoch = 1,
            Regions = [new RegionEntry("paris", RegionState.Drained, DateTimeOffset.UnixEpoch, "a test")],
        });

        var places = LastCopy.Places("example.com/a@v1.0.0", self, view);

        Assert.Equal([("near", AskLevel.Stored), ("drained", AskLevel.Stored)], places.Select(static place => (place.Peer!.Id, place.Level)));
    }

    [Fact]
    public void MayBeElsewhere_EveryFailure_OutagesAndRefusedBytesOnly() => Assert.Equal(
        [
            FailureKind.UpstreamUnavailable, FailureKind.UpstreamTimeout, FailureKind.UpstreamInvalid, FailureKind.ChecksumMismatch,
            FailureKind.ChecksumDatabaseInvalid, FailureKind.ChecksumDatabaseUnavailable, FailureKind.PeerUnavailable,
        ],
        Enum.GetValues<FailureKind>().Where(LastCopy.MayBeElsewhere));

    private static Member Silo(string id, string region) => new(id, region, new Uri("http://127.0.0.1:1"), Role.Silo, "");
}
