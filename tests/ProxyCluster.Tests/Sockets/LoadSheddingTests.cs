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
        _clock.Advance(LoadShedding.Beat);
        _clock.Stall(LoadShedding.Beat + LoadShedding.Late - TimeSpan.FromTicks(1));
        Waste(Wasteful, 100);
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
            Assert.True(BeAway(seconds, isLate: true));
        Assert.Equal([2, 4, 8, 15, 15, 15], seconds);

        // Who has been in for as long is as others are.
        Beat(160);
        BeLate();
        Waste(Wasteful, 3);
        Assert.True(_shedding.IsTurnedAway(Wasteful));
        Beat(21);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void TurnedAway_WhoIsBackAndWastesWhileThereIsRoom_IsForShorterEachTimeUntilHeIsAsOthersAre()
    {
        List<int> seconds = [];
        for (var time = 0; time < 4; time++)
            BeAway(seconds, isLate: true);
        Beat(110);
        Assert.False(_shedding.IsLate);

        while (BeAway(seconds, isLate: false))
            Beat(10);

        Assert.Equal([2, 4, 8, 15, 12, 9, 7, 5, 4, 3, 3, 2], seconds);
        Assert.False(_shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void TurnedAway_WhoIsBack_IsForATenthOfWhatOthersMayWaste()
    {
        using var shedding = new LoadShedding(perSecond: 20, _clock, _turnedAway.Add);
        _clock.Stall(LoadShedding.Beat + LoadShedding.Late);
        Waste(shedding, Wasteful, 21);
        Assert.True(shedding.IsTurnedAway(Wasteful));
        Beat(30);
        var other = ClientAddress.Of(IPAddress.Parse("10.0.0.2"));
        Waste(shedding, Wasteful, 2);
        Waste(shedding, other, 20);
        Assert.False(shedding.IsTurnedAway(Wasteful));
        Waste(shedding, Wasteful, 1);
        Assert.True(shedding.IsTurnedAway(Wasteful));
        Assert.False(shedding.IsTurnedAway(other));
    }

    [Fact]
    public void TurnedAway_WhoTriesAgainWhileHeIsAway_IsLetInWithoutWhatWasRefused()
    {
        using var shedding = new LoadShedding(perSecond: 20, _clock, _turnedAway.Add);
        _clock.Stall(LoadShedding.Beat + LoadShedding.Late);
        Waste(shedding, Wasteful, 21);
        Assert.True(shedding.IsTurnedAway(Wasteful));
        for (var second = 0; second < 3; second++)
        {
            Waste(shedding, Wasteful, 5);
            Beat(10);
        }

        Assert.False(shedding.IsTurnedAway(Wasteful));
    }

    [Fact]
    public void Late_ATimerThatIsOverdue_IsSeenByWhoWastesTooMuchBeforeItFires()
    {
        // Another timer, which fell due before: it fires late as well, and first.
        var isSeen = false;
        using var before = _clock.CreateTimer(
            _ =>
            {
                Assert.False(_shedding.IsLate);
                Waste(Wasteful, 3);
                isSeen = _shedding.IsLate && _shedding.IsTurnedAway(Wasteful);
            },
            null,
            LoadShedding.Beat / 2,
            Timeout.InfiniteTimeSpan);
        _clock.Stall(LoadShedding.Beat + LoadShedding.Late);
        Assert.True(isSeen);
    }

    [Fact]
    public void Late_WhileSomebodyWastesTooMuch_IsLookedAtMoreOften()
    {
        Waste(Wasteful, 3);
        _clock.Advance(LoadShedding.Beat);
        _clock.Stall(LoadShedding.QuickBeat + LoadShedding.Late);
        _clock.Advance(TimeSpan.Zero);
        Assert.True(_shedding.IsLate);
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

    [Fact]
    public void Timer_WhereNobodyWastes_RestsUntilSomebodyDoes()
    {
        Waste(Wasteful, 1);
        Beat(100);
        _clock.Stall(TimeSpan.FromMinutes(1));
        Assert.False(_shedding.IsLate);

        Waste(Wasteful, 1);
        BeLate();
        Assert.True(_shedding.IsLate);
        Waste(Wasteful, 2);
        Assert.True(_shedding.IsTurnedAway(Wasteful));
    }

    private void BeLate() => _clock.Stall(LoadShedding.Beat + LoadShedding.Late);

    private void Beat(int times)
    {
        for (var i = 0; i < times; i++)
            _clock.Advance(LoadShedding.Beat);
    }

    // Lets him waste too much, and counts the seconds until he is let in; false where he is not turned away.
    private bool BeAway(List<int> seconds, bool isLate)
    {
        if (isLate)
            BeLate();
        Waste(Wasteful, 3);
        if (!_shedding.IsTurnedAway(Wasteful))
            return false;
        var second = 0;
        for (; _shedding.IsTurnedAway(Wasteful); second++)
            Beat(10);
        seconds.Add(second);
        return true;
    }

    private void Waste(ClientAddress client, int times) => Waste(_shedding, client, times);

    private static void Waste(LoadShedding shedding, ClientAddress client, int times)
    {
        for (var i = 0; i < times; i++)
            shedding.Waste(client);
    }
}
