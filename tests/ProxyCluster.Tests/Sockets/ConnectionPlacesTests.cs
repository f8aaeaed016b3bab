using System.Net;
using ProxyCluster.Sockets;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Sockets;

public sealed class ConnectionPlacesTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _ended = [];
    private readonly LoadShedding _shedding;
    private readonly ConnectionPlaces _places;

    public ConnectionPlacesTests()
    {
        _shedding = new LoadShedding(perSecond: 2, _clock, static _ => { });
        _places = new ConnectionPlaces(max: 6, maxOfOne: 4, spare: 2, maxRequestsOfOne: 3, _shedding, _clock);
    }

    public void Dispose() => _shedding.Dispose();

    [Fact]
    public void Take_OneAddressPastItsShare_EndsItsOwnLongestIdle()
    {
        var first = Take("10.0.0.1", "first")!;
        Take("10.0.0.1", "second");
        Take("10.0.0.1", "third");
        Take("10.0.0.1", "fourth");
        first.Begin();
        _clock.Advance(TimeSpan.FromSeconds(1));
        first.Finish(isWasted: false);
        Assert.NotNull(Take("10.0.0.1", "fifth"));
        Assert.Equal(["second"], _ended);
        Assert.Equal(4, _places.Count);
    }

    [Fact]
    public void Take_OneAddressPastItsShareAndAtWork_IsRefused()
    {
        for (var i = 0; i < 4; i++)
            Take("10.0.0.1", "busy")!.Begin();
        Assert.Null(Take("10.0.0.1", "late"));
        Assert.NotNull(Take("10.0.0.2", "other"));
        Assert.Empty(_ended);
    }

    [Fact]
    public void Take_NoPlaceLeft_EndsTheLongestIdleOfTheAddressWithMost()
    {
        Take("10.0.0.2", "few");
        Take("10.0.0.3", "few");
        for (var i = 0; i < 4; i++)
            Take("10.0.0.1", $"many {i}");
        var late = Take("10.0.0.4", "late");
        Assert.False(late!.IsSpare);
        Assert.Equal(["many 0"], _ended);
        Assert.Equal(6, _places.Count);
    }

    [Fact]
    public void Take_EverybodyIsAtWork_GetsASparePlaceAndThenNone()
    {
        for (var i = 1; i <= 6; i++)
            Take($"10.0.0.{i}", "busy")!.Begin();
        var spare = Enumerable.Range(7, 2).Select(i => Take($"10.0.0.{i}", "spare")).ToList();
        Assert.All(spare, static place => Assert.True(place!.IsSpare));
        spare.ForEach(static place => place!.Begin());
        Assert.Null(Take("10.0.0.9", "none"));
        spare[0]!.Dispose();
        Assert.True(Take("10.0.0.9", "again")!.IsSpare);
    }

    [Fact]
    public void Take_SparePlacesHeldIdle_GoToWhoComesNext()
    {
        for (var i = 1; i <= 6; i++)
            Take($"10.0.0.{i}", "busy")!.Begin();
        Take("10.0.0.7", "idle");
        Take("10.0.0.7", "idle too");
        Assert.True(Take("10.0.0.8", "check")!.IsSpare);
        Assert.Equal(["idle"], _ended);
        Assert.Equal(8, _places.Count);
    }

    [Fact]
    public void Take_WithoutAnAddress_HasNoShare()
    {
        for (var i = 0; i < 6; i++)
            Assert.NotNull(_places.TakeOrNull(default, () => _ended.Add("ended")));
        Assert.Empty(_ended);
    }

    [Fact]
    public void Begin_MoreRequestsThanTheShareOfAnAddress_SaysSo()
    {
        var (one, another, other) = (Take("10.0.0.1", "one")!, Take("10.0.0.1", "another")!, Take("10.0.0.2", "other")!);
        Assert.True(one.Begin() && one.Begin() && another.Begin());
        Assert.False(another.Begin());
        Assert.True(other.Begin());
        another.Finish(isWasted: false);
        one.Finish(isWasted: false);
        Assert.True(another.Begin());
    }

    [Fact]
    public void GiveBack_ByMembers_LeavesThePlacesToOthersAndTheConnectionsAlone()
    {
        for (var i = 0; i < 20; i++)
            Take("10.0.0.1", "member")!.GiveBack();
        for (var i = 1; i <= 4; i++)
            Take($"10.0.0.{i}", "client")!.Begin();
        Assert.Equal(4, _places.Count);
        Assert.False(Take("10.0.0.1", "fifth")!.IsSpare);
        Assert.Empty(_ended);
    }

    [Fact]
    public void GiveBack_OfASparePlace_LeavesItToOthers()
    {
        for (var i = 1; i <= 6; i++)
            Take($"10.0.0.{i}", "busy")!.Begin();
        for (var i = 0; i < 20; i++)
            Take("10.0.0.7", "member")!.GiveBack();
        Assert.True(Take("10.0.0.8", "check")!.IsSpare);
        Assert.Empty(_ended);
    }

    [Fact]
    public void Begin_ByWhoWastesWhatIsShort_SaysSoAndOthersAreServed()
    {
        var (wasteful, useful) = (Take("10.0.0.1", "wasteful")!, Take("10.0.0.2", "useful")!);
        for (var i = 0; i < 3; i++)
        {
            foreach (var place in new[] { wasteful, useful })
                Assert.True(place.Begin());
            wasteful.Finish(isWasted: true);
            useful.Finish(isWasted: false);
        }

        // Nobody minds while there is enough.
        Take("10.0.0.1", "again")!.Dispose();
        _clock.Stall(LoadShedding.Beat + LoadShedding.Late);
        Assert.False(wasteful.Begin());
        Assert.True(useful.Begin());
    }

    private ConnectionPlace? Take(string address, string name) => _places.TakeOrNull(ClientAddress.Of(IPAddress.Parse(address)), () => _ended.Add(name));
}
