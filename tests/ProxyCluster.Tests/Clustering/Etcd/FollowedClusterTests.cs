using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Clustering.Etcd;

public sealed class FollowedClusterTests
{
    private static readonly EtcdKeys Keys = new("c");
    private static readonly FollowedCluster Empty = new(Keys);
    private static readonly Member Self = EngineSite.MemberOf("self");

    [Fact]
    public void Keys_OfTheCluster_LieBetweenFirstAndEnd()
    {
        foreach (var key in new[] { Keys.Routing, Keys.Authority, Keys.Member("a"), Keys.Member("~") })
        {
            Assert.True(EtcdKeys.Bytes(key).AsSpan().SequenceCompareTo(Keys.First) > 0);
            Assert.True(EtcdKeys.Bytes(key).AsSpan().SequenceCompareTo(Keys.End) < 0);
        }

        Assert.True(new EtcdKeys("c2").First.AsSpan().SequenceCompareTo(Keys.End) > 0);
    }

    [Fact]
    public void WithListing_MembersTableAndAuthority_AreInTheView()
    {
        var view = Listed(10, Put("a", 3), Routing(2, 5), Authority("a", 7)).ToView(Self);

        Assert.Equal(["a", "self"], Ids(view));
        Assert.Equal((2, "a"), (view.Routing.Epoch, view.AuthorityId));
    }

    [Fact]
    public void WithEvents_LeaseLostWhileSettled_ForgottenAtOnce() =>
        Assert.Equal(["self"], Ids(Listed(10, Put("a", 3)).WithEvents([Delete("a", 11)], 11, isSettled: true).ToView(Self)));

    [Fact]
    public void WithEvents_LeaseLostWhileNotSettled_HeldUntilSettled()
    {
        var held = Listed(10, Put("a", 3), Put("b", 4)).WithEvents([Delete("a", 11)], 11, isSettled: false);

        Assert.Equal(["a", "b", "self"], Ids(held.ToView(Self)));
        Assert.False(held.IsListed("a"));
        Assert.Equal(["b", "self"], Ids(held.Settle().ToView(Self)));
        var back = held.WithPut(Put("a", 12));
        Assert.Same(back, back.Settle());
    }

    [Fact]
    public void WithListing_MemberMissing_HeldOrForgottenLikeALostLease()
    {
        var known = Listed(10, Put("a", 3), Put("b", 4));
        var listing = Listing(20, Put("b", 4));

        Assert.Equal(["a", "b", "self"], Ids(known.WithListing(listing, isSettled: false).ToView(Self)));
        Assert.Equal(["b", "self"], Ids(known.WithListing(listing, isSettled: true).ToView(Self)));
    }

    [Fact]
    public void WithPut_Leaving_ForgottenAlsoWhileNotSettled()
    {
        var leaving = new EtcdKeyValue(EtcdKeys.Bytes(Keys.Member("a")), EtcdValues.FromMember(EngineSite.MemberOf("a"), isLeaving: true), 3, 11);
        var known = Listed(10, Put("a", 3)).WithEvents([new EtcdEvent(leaving)], 11, isSettled: false);

        Assert.Equal(["self"], Ids(known.ToView(Self)));
        Assert.Equal(["self"], Ids(known.WithEvents([Delete("a", 12)], 12, isSettled: false).ToView(Self)));
    }

    [Fact]
    public void WithPut_NewMemberAtTheAddressOfAHeldOne_ReplacesIt()
    {
        var held = Listed(10, Put("a", 3)).WithEvents([Delete("a", 11)], 11, isSettled: false);
        var value = EtcdValues.FromMember(EngineSite.MemberOf("a") with { Id = "a2" });

        Assert.Equal(["a2", "self"], Ids(held.WithPut(new EtcdKeyValue(EtcdKeys.Bytes(Keys.Member("a2")), value, 12, 12)).ToView(Self)));
    }

    [Fact]
    public void Steps_OlderThanWhatIsKnown_ChangeNothing()
    {
        var known = Listed(10, Put("a", 9), Routing(2, 8));

        Assert.Same(known, known.WithPut(Put("a", 9)));
        Assert.Same(known, known.WithPut(Routing(1, 7)));
        Assert.Equal(["a", "self"], Ids(known.WithEvents([Delete("a", 8)], 10, isSettled: true).ToView(Self)));
    }

    [Fact]
    public void WithListing_EtcdBeganAgain_MembersHeldAndEpochKept()
    {
        var known = Listed(100, Put("a", 30), Put("b", 31), Routing(7, 40), Authority("a", 41));
        var wiped = Listing(2, Put("b", 2)) with { Header = new EtcdHeader(99, 2) };

        var next = known.WithListing(wiped, isSettled: false);

        Assert.True(known.IsOtherHistory(wiped.Header));
        Assert.Equal(["a", "b", "self"], Ids(next.ToView(Self)));
        Assert.Equal((7, 0, 0, null, 2), (next.Routing.Epoch, next.StoredEpoch, next.RoutingRevision, next.AuthorityId, next.Revision));
        Assert.Equal(7, next.WithPut(Routing(1, 3)).Routing.Epoch);
        Assert.Equal(8, next.WithPut(Routing(8, 3)).Routing.Epoch);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("{", false)]
    [InlineData("{\"member\":{\"id\":\"other\"}}", false)]
    [InlineData("{\"epoch\":5,\"regions\":[{\"name\":\"x\",\"state\":\"fromTheFuture\"}]}", true)]
    public void WithPut_UnreadableValue_KeepsWhatWasKnown(string value, bool isTable)
    {
        var known = Listed(10, Put("a", 3), Routing(2, 5));
        var bytes = EtcdKeys.Bytes(value);

        var next = known.WithPut(new EtcdKeyValue(EtcdKeys.Bytes(isTable ? Keys.Routing : Keys.Member("x")), bytes, 11, 11));

        Assert.Equal(["a", "self"], Ids(next.ToView(Self)));
        Assert.Equal(2, next.Routing.Epoch);
        Assert.Equal(isTable ? null : 2, next.StoredEpoch);
        Assert.False(next.HasMissed(isTable ? 2 : 3, 11));
    }

    [Fact]
    public void HasMissed_OtherCountOrNewerKey_Tells()
    {
        var known = Listed(10, Put("a", 3), Routing(2, 5));

        Assert.False(known.HasMissed(2, 5));
        Assert.True(known.HasMissed(1, 5));
        Assert.True(known.HasMissed(2, 6));
        Assert.False(Empty.HasMissed(0, 0));
    }

    [Fact]
    public void ToView_SelfForgotten_IsStillThereOnce()
    {
        Assert.Equal(["self"], Ids(Empty.ToView(Self)));
        Assert.Equal(["self"], Ids(Listed(10, Put("self", 3)).ToView(Self)));
    }

    private static IEnumerable<string> Ids(ClusterView view) => view.Members.Select(static m => m.Id);

    private static FollowedCluster Listed(long revision, params EtcdKeyValue[] keys) => Empty.WithListing(Listing(revision, keys), isSettled: true);

    private static EtcdRangeResponse Listing(long revision, params EtcdKeyValue[] keys) => new(new EtcdHeader(1, revision), keys, keys.Length);

    private static EtcdKeyValue Put(string id, long revision) =>
        new(EtcdKeys.Bytes(Keys.Member(id)), EtcdValues.FromMember(EngineSite.MemberOf(id)), revision, revision);

    private static EtcdEvent Delete(string id, long revision) => new(new EtcdKeyValue(EtcdKeys.Bytes(Keys.Member(id)), ModRevision: revision), "DELETE");

    private static EtcdKeyValue Authority(string id, long revision) =>
        new(EtcdKeys.Bytes(Keys.Authority), EtcdKeys.Bytes(id), revision, revision);

    private static EtcdKeyValue Routing(long epoch, long revision) => new(EtcdKeys.Bytes(Keys.Routing), EtcdValues.FromRouting(new RoutingTable(
        epoch, [new RegionEntry("tokyo", RegionState.Active, default, "")], ImmutableDictionary<string, ImmutableArray<string>>.Empty, "a", default)), revision, revision);
}
