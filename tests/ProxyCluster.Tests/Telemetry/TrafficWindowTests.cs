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
