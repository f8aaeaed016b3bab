using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Clustering;

public sealed class OwnerOrderTests
{
    private static readonly string[] RegionNames = ["tokyo", "frankfurt", "sanjose", "mumbai"];
    private static readonly string[] Keys = [.. Enumerable.Range(0, 6000).Select(static n => $"example.com/m{n % 997}@v1.{n}.0")];

    /// <summary>Numbers that must never change: other versions of the program compute them too.</summary>
    [Theory]
    [InlineData("", 0xefd01f60ba992926UL)]
    [InlineData("tokyo", 13983754885502440387UL)]
    public void Text_KnownValues_StayTheSame(string text, ulong expected) => Assert.Equal(expected, RendezvousHash.Text(text));

    [Fact]
    public void Score_KnownValue_StaysTheSame() =>
        Assert.Equal(8678053517541571526UL, RendezvousHash.Score(RendezvousHash.Text("github.com/gorilla/mux@v1.8.0"), RendezvousHash.Text("10.0.0.1:8080")));

    [Fact]
    public void Text_LongerThanTheStackBuffer_IsHashedAsWell() =>
        Assert.NotEqual(RendezvousHash.Text(new string('é', 300)), RendezvousHash.Text(new string('é', 301)));

    [Fact]
    public void For_AnyView_ListsEverySiloOfUsableRegionsOnceRegionByRegion() =>
        Prop.ForAll(Views().ToArbitrary(), Key().ToArbitrary(), static (view, key) =>
        {
            var order = OwnerOrder.For(key, view);
            var expected = view.Members.Where(m => m.IsSilo && view.Routing.IsUsable(m.Region)).Select(static m => m.Id).Order(StringComparer.Ordinal);
            Assert.Equal(expected, order.Select(static m => m.Id).Order(StringComparer.Ordinal));
            // Regions stand together.
            var changes = order.Zip(order.Skip(1)).Count(static pair => pair.First.Region != pair.Second.Region);
            Assert.Equal(Math.Max(0, order.Select(static m => m.Region).Distinct().Count() - 1), changes);
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void For_SameMembersInAnotherOrder_SameOrder() =>
        Prop.ForAll(Views().ToArbitrary(), Key().ToArbitrary(), static (view, key) =>
            OwnerOrder.For(key, view).SequenceEqual(OwnerOrder.For(key, view with { Members = [.. view.Members.Reverse()] })))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void For_AnyView_EachRegionsPartIsThatRegionsOwnOrder() =>
        Prop.ForAll(Views().ToArbitrary(), Key().ToArbitrary(), static (view, key) =>
            OwnerOrder.For(key, view).GroupBy(static m => m.Region)
                .All(region => region.SequenceEqual(RegionalOwner.For(key, region.Key, view))))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void For_OneMemberGone_OrderOfTheOthersStays() =>
        Prop.ForAll(Views().ToArbitrary(), Key().ToArbitrary(), static (view, key) =>
        {
            if (view.Members.IsEmpty)
                return true;
            var gone = view.Members[0];
            var rest = OwnerOrder.For(key, view with { Members = view.Members.RemoveAt(0) });
            return rest.SequenceEqual(OwnerOrder.For(key, view).Where(m => m.Id != gone.Id));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void For_FailedAndDrainedRegions_AreNoCandidates()
    {
        var view = Cluster(2) with
        {
            Routing = Table(("tokyo", RegionState.Failed, 100), ("sanjose", RegionState.Drained, 100), ("frankfurt", RegionState.Suspect, 100)),
        };

        Assert.All(Keys, key => Assert.Equal(["frankfurt", "mumbai"], OwnerOrder.For(key, view).Select(static m => m.Region).Distinct().Order()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void For_OneSiloComesOrGoes_MovesOnlyItsShare(int silosPerRegion)
    {
        var before = Cluster(silosPerRegion);
        var added = Silo("tokyo", 99);
        var after = before with { Members = [.. before.Members.Append(added).OrderBy(static m => m.Id, StringComparer.Ordinal)] };

        var moved = Keys.Where(key => OwnerOrder.For(key, before)[0] != OwnerOrder.For(key, after)[0]).ToList();

        // Its ideal share: one silo's part of its region, which is one of four.
        Assert.All(moved, key => Assert.Equal(added, OwnerOrder.For(key, after)[0]));
        var ideal = Keys.Length / 4.0 / (silosPerRegion + 1);
        Assert.InRange(moved.Count, ideal / 1.5, ideal * 1.5);
    }

    [Fact]
    public void For_OneRegionComesOrGoes_MovesOnlyItsShare()
    {
        var before = Cluster(2);
        var after = before with { Members = [.. before.Members.Where(static m => m.Region != "mumbai")] };

        var moved = Keys.Where(key => OwnerOrder.For(key, before)[0] != OwnerOrder.For(key, after)[0]).ToList();

        Assert.All(moved, key => Assert.Equal("mumbai", OwnerOrder.For(key, before)[0].Region));
        Assert.InRange(moved.Count, Keys.Length / 4.0 / 1.2, Keys.Length / 4.0 * 1.2);
    }

    [Fact]
    public void For_ManyKeys_SilosOwnEvenParts()
    {
        var view = Cluster(3);

        var owned = Keys.CountBy(key => OwnerOrder.For(key, view)[0].Id).ToDictionary();

        Assert.Equal(12, owned.Count);
        Assert.All(owned.Values, static count => Assert.InRange(count, Keys.Length / 12.0 / 1.25, Keys.Length / 12.0 * 1.25));
    }

    [Fact]
    public void For_GrowingShare_KeysOnlyReturnAndInProportion()
    {
        var full = HomeKeys(100);
        HashSet<string> smaller = [];
        for (var share = 0; share <= 100; share += 10)
        {
            var home = HomeKeys(share);
            Assert.Superset(smaller, home);
            Assert.Subset(full, home);
            Assert.InRange(home.Count, (full.Count * share / 100.0) - (full.Count * 0.05), (full.Count * share / 100.0) + (full.Count * 0.05));
            smaller = home;
        }

        Assert.Equal(full, smaller);

        static HashSet<string> HomeKeys(int share)
        {
            var view = Cluster(2) with { Routing = Table(("tokyo", RegionState.Recovering, share)) };
            return [.. Keys.Where(key => OwnerOrder.For(key, view)[0].Region == "tokyo")];
        }
    }

    [Fact]
    public void For_RegionWithoutShare_IsStillTheLastResort()
    {
        var view = Cluster(1) with { Routing = Table(("tokyo", RegionState.Recovering, 0)) };

        Assert.All(Keys.Take(200), key => Assert.Equal("tokyo", OwnerOrder.For(key, view)[^1].Region));
        Assert.Equal("tokyo", Assert.Single(OwnerOrder.For("k", view with { Members = [Silo("tokyo", 0)] })).Region);
    }

    [Fact]
    public void For_SiloRestartedAtItsAddress_KeepsItsKeys()
    {
        var before = Cluster(3);
        var old = before.Members[0];
        var after = before with { Members = [.. before.Members.RemoveAt(0).Append(old with { Id = "zz-another-life" }).OrderBy(static m => m.Id, StringComparer.Ordinal)] };

        Assert.All(Keys.Take(1000), key => Assert.Equal(
            OwnerOrder.For(key, before).Select(static m => m.Address), OwnerOrder.For(key, after).Select(static m => m.Address)));
    }

    [Fact]
    public void For_NobodyOrOnlyFrontEnds_IsEmpty()
    {
        Assert.Empty(OwnerOrder.For("k", ClusterView.Empty));
        Assert.Empty(OwnerOrder.For("k", ClusterView.Empty with { Members = [Silo("tokyo", 1) with { Role = Role.FrontEnd }] }));
        Assert.Empty(RegionalOwner.For("k", "nowhere", Cluster(1)));
    }

    private static Member Silo(string region, int n) =>
        new($"{region}-{n}", region, new Uri($"http://10.{Array.IndexOf(RegionNames, region)}.0.{n}:8080"), Role.Silo, "0.1.0");

    private static ClusterView Cluster(int silosPerRegion) => ClusterView.Empty with
    {
        Members = [.. RegionNames.SelectMany(region => Enumerable.Range(0, silosPerRegion).Select(n => Silo(region, n))).OrderBy(static m => m.Id, StringComparer.Ordinal)],
    };

    private static RoutingTable Table(params (string Name, RegionState State, int Share)[] regions) => RoutingTable.Empty with
    {
        Epoch = 1,
        Regions = [.. regions.Select(static r => new RegionEntry(r.Name, r.State, default, "", r.Share))],
    };

    private static Gen<string> Key() => Gen.Elements(Keys);

    private static Gen<ClusterView> Views() =>
        from members in Gen.SubListOf<Member>(RegionNames.SelectMany(static region => Enumerable.Range(0, 4).Select(n =>
            Silo(region, n) with { Role = n == 3 ? Role.FrontEnd : n == 2 ? Role.All : Role.Silo })))
        from states in Gen.ArrayOf(Gen.Elements(Enum.GetValues<RegionState>()), RegionNames.Length)
        from shares in Gen.ArrayOf(Gen.Choose(0, 100), RegionNames.Length)
        select new ClusterView(
            [.. members.OrderBy(static m => m.Id, StringComparer.Ordinal)],
            Table([.. RegionNames.Select((name, n) => (name, states[n], states[n] == RegionState.Recovering ? shares[n] : 100)).Skip(1)]));
}
