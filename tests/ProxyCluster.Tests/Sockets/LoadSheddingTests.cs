using System.Net;
using ProxyCluster.Sockets;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Sockets;

public sealed class LoadSheddingTests : IDisposable
{
    private static readonly ClientAddress Wasteful = ClientAddress.Of(IPAddress.Parse("10.0.0.1"));

    private readonly ManualTimeProvider _clock = new();
    private readonly List<ClientAddress> _turnedAway = [];
    private readonly LoadShedding _shedding;

    public LoadSheddingTests() => _shedding = new LoadShedding(perSecond: 2, _clock, _turnedAway.Add);

    public void Dispose() => _shedding.Dispose();

    [Fact]
    public void TurnedAway_WhileTimersAreInTime_NobodyIs()
    {
        Waste(Wasteful, 100);
        _clock.Advance(LoadShedding.Beat);
        _clock.Stall(LoadShedding.Beat + LoadShedding.Late - TimeSpan.FromTicks(1));
        Assert.False(_shedding.IsLate);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void TurnedAway_AfterALateTimer_IsWhoWastesMoreThanIsAllowedUntilItDoesNot()
    {
        BeLate();
        Waste(Wasteful, 2);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
        Waste(Wasteful, 1);
        Assert.True(_shedding.IsTurnedAway(Wasteful));
        Assert.False(_shedding.IsTurnedAway(ClientAddress.Of(IPAddress.Parse("10.0.0.2"))));

        // The second after that is still measured by it, and the one after is not.
        Beat(11);
        Assert.True(_shedding.IsTurnedAway(Wasteful));
        Beat(10);
        Assert.True(_shedding.IsLate);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void TurnedAway_WhoDoesItAgain_IsForTwiceAsLongUpToTheLongest()
    {
        List<int> seconds = [];
        for (var time = 0; time < 6; time++)
        {
            BeLate();
            Waste(Wasteful, 3);
            Assert.True(_shedding.IsTurnedAway(Wasteful));
            var second = 0;
            for (; _shedding.IsTurnedAway(Wasteful); second++)
                Beat(10);
            seconds.Add(second);
        }

        Assert.Equal([2, 4, 8, 15, 15, 15], seconds);

        // Who is back is not turned away while there is room, whatever is remembered of him.
        Beat(110);
        Assert.False(_shedding.IsLate);
        Waste(Wasteful, 3);
        Assert.False(_shedding.IsTurnedAway(Wasteful));

        // Who has been in for as long is as others are.
        Beat(60);
        BeLate();
        Waste(Wasteful, 3);
        Assert.True(_shedding.IsTurnedAway(Wasteful));
        Beat(21);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void TurnedAway_NobodyInParticular_NeverIs()
    {
        BeLate();
        Waste(default, 100);
        Assert.False(_shedding.IsTurnedAway(default));
    }

    [Fact]
    public void Away_WhenItChanges_IsToldWhole()
    {
        var told = new List<string>();
        _shedding.AwayChanged += clients => told.Add(string.Join(' ', clients.Select(static client => client.ToString()).Order(StringComparer.Ordinal)));
        var other = ClientAddress.Of(IPAddress.Parse("10.0.0.2"));
        BeLate();
        foreach (var client in (ClientAddress[])[Wasteful, Wasteful, other])
        {
            Waste(client, 3);
            Assert.True(_shedding.IsTurnedAway(client));
        }

        Beat(30);
        Assert.Equal(["10.0.0.1", "10.0.0.1 10.0.0.2", ""], told);
    }

    [Fact]
    public void Away_OfMoreThanTheDoorHolds_IsToldWithTheSecond()
    {
        var told = new List<int>();
        _shedding.AwayChanged += clients => told.Add(clients.Count);
        BeLate();
        for (var i = 0; i < ClosedDoor.MaxClients + 10; i++)
        {
            var client = ClientAddress.Of(new IPAddress([10, 2, 0, (byte)i]));
            Waste(client, 3);
            Assert.True(_shedding.IsTurnedAway(client));
        }

        Assert.Equal(Enumerable.Range(1, ClosedDoor.MaxClients), told);
        Beat(11);
        Assert.Equal(ClosedDoor.MaxClients + 10, told[^1]);
    }

    [Fact]
    public void TurnAway_ByConnections_CountsThemAndTellsOfThem()
    {
        BeLate();
        Waste(Wasteful, 2);
        Assert.False(_shedding.TryTurnAway(Wasteful));
        Waste(Wasteful, 1);
        Beat(11);
        for (var i = 0; i < 3; i++)
            Assert.True(_shedding.TryTurnAway(Wasteful));
        Assert.Equal(Enumerable.Repeat(Wasteful, 3), _turnedAway);

        // For the second that they came in, and the one after.
        Beat(10);
        Assert.True(_shedding.TryTurnAway(Wasteful));
        Beat(20);
        Assert.False(_shedding.TryTurnAway(Wasteful));
    }

    [Fact]
    public void TurnedAway_WhoGoesOnAfterTheProcessIsInTimeAgain_StaysIt()
    {
        BeLate();
        Waste(Wasteful, 3);
        Assert.True(_shedding.IsTurnedAway(Wasteful));
        for (var i = 0; i < 200; i++)
        {
            Beat(1);
            Waste(Wasteful, 1);
        }

        Assert.False(_shedding.IsLate);
        Assert.True(_shedding.IsTurnedAway(Wasteful));

        // Another one that does the same is not: nothing is short any more.
        var late = ClientAddress.Of(IPAddress.Parse("10.0.0.2"));
        Waste(late, 100);
        Assert.False(_shedding.IsTurnedAway(late));
        Beat(21);
        Waste(Wasteful, 3);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void Late_WhenTimersHaveBeenInTimeLongEnough_IsOver()
    {
        BeLate();
        Beat(99);
        Assert.True(_shedding.IsLate);
        Beat(1);
        Assert.False(_shedding.IsLate);
    }

    [Fact]
    public void Waste_ByMoreAddressesThanAreCounted_IsOfTheFirst()
    {
        BeLate();
        var many = Enumerable.Range(0, 5000).Select(static i => ClientAddress.Of(new IPAddress([10, 1, (byte)(i >> 8), (byte)i]))).ToList();
        many.ForEach(client => Waste(client, 3));
        Assert.True(_shedding.IsTurnedAway(many[0]));
        Assert.False(_shedding.IsTurnedAway(many[^1]));
    }

    private void BeLate() => _clock.Stall(LoadShedding.Beat + LoadShedding.Late);

    private void Beat(int times)
    {
        for (var i = 0; i < times; i++)
            _clock.Advance(LoadShedding.Beat);
    }

    private void Waste(ClientAddress client, int times)
    {
        for (var i = 0; i < times; i++)
            _shedding.Waste(client);
    }
}
