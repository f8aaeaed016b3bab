using System.Net;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Telemetry;

public sealed class TrafficWindowTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Read_WhatWasCounted_IsTheSum()
    {
        var window = new TrafficWindow(_clock);
        window.CountRequest(TimeSpan.FromMilliseconds(1), isError: false, wasHere: true);
        _clock.Advance(TimeSpan.FromSeconds(5));
        window.CountRequest(TimeSpan.FromMilliseconds(1), isError: true, wasHere: null);
        window.CountRequest(TimeSpan.FromMilliseconds(1), isError: false, wasHere: false);
        window.CountFetch(metOutage: true);
        window.CountFetch(metOutage: false);
        window.CountKeptBack();

        var sums = window.Read();

        Assert.Equal((3, 1, 1, 1, 2, 1, 1), (sums.Requests, sums.Errors, sums.Hits, sums.Misses, sums.Fetches, sums.FetchFailures, sums.KeptBack));
    }

    [Fact]
    public void Read_AfterTheWindow_ForgetsAndCountsAfresh()
    {
        var window = new TrafficWindow(_clock);
        for (var second = 0; second < 60; second++)
        {
            window.CountRequest(TimeSpan.FromMilliseconds(1), isError: false, wasHere: null);
            Assert.Equal(Math.Min(second + 1, TrafficWindow.Seconds), window.Read().Requests);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        _clock.Advance(TimeSpan.FromSeconds(TrafficWindow.Seconds));
        Assert.Equal(default, window.Read());
    }

    [Fact]
    public void Queries_SomeFail_AreCountedAndTheLoudestNamed()
    {
        var window = new TrafficWindow(_clock);
        for (byte client = 1; client <= 3; client++)
        {
            for (var failed = 0; failed < client; failed++)
                window.CountQuery(metOutage: true, ClientAddress.Of(new IPAddress([10, 0, 0, client])));
        }

        window.CountQuery(metOutage: false);
        window.CountRequest(TimeSpan.FromMilliseconds(1), isError: true, wasHere: null, ClientAddress.Of(new IPAddress([10, 0, 0, 9])));

        Assert.Equal((7, 6), (window.Read().Queries, window.Read().QueryFailures));
        Assert.Equal("10.0.0.3 3, 10.0.0.2 2, 10.0.0.1 1", string.Join(", ", window.LoudestOfQueries().Select(static one => $"{one.Key} {one.Value}")));
        Assert.Equal("10.0.0.9 1", string.Join(", ", window.Loudest().Select(static one => $"{one.Key} {one.Value}")));

        _clock.Advance(TimeSpan.FromSeconds(TrafficWindow.Seconds));
        Assert.Empty(window.LoudestOfQueries());
    }

    [Fact]
    public void Totals_HoweverOftenTheWindowWasForgotten_NeverForget()
    {
        var window = new TrafficWindow(_clock);
        for (var second = 0; second < 60; second++)
        {
            window.CountRequest(TimeSpan.FromMilliseconds(1), isError: false, wasHere: second % 3 > 0);
            window.CountFetch(metOutage: second % 2 == 0);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(new TrafficTotals(40, 20, 60, 30), window.Totals());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(130)]
    [InlineData(7_000)]
    [InlineData(250_000)]
    [InlineData(30_000_000)]
    public void P95_OfEqualDurations_IsAtMostHalfAbove(int micros)
    {
        var window = new TrafficWindow(_clock);
        for (var request = 0; request < 100; request++)
            window.CountRequest(TimeSpan.FromMicroseconds(micros), isError: false, wasHere: null);

        Assert.InRange(window.Read().P95.TotalMicroseconds, micros, micros * 1.51);
    }

    [Theory]
    [InlineData(95, true)]
    [InlineData(94, false)]
    public void P95_OfFastAndSlow_IsFastWhileNinetyFiveAre(int fast, bool isFast)
    {
        var window = new TrafficWindow(_clock);
        for (var request = 0; request < 100; request++)
            window.CountRequest(request < fast ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1), isError: false, wasHere: null);

        Assert.Equal(isFast, window.Read().P95 < TimeSpan.FromMilliseconds(2));
    }

    [Fact]
    public void InFlight_BeginAndEnd_IsTheDifference()
    {
        var window = new TrafficWindow(_clock);
        window.Begin();
        window.Begin();
        window.End();

        Assert.Equal(1, window.InFlight);
    }
}
