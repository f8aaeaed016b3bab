using ProxyCluster.Drills;

namespace ProxyCluster.Tests.Drills;

public class SightingTests
{
    private const string Report =
        """
        not ready
        store: no space left on device
        engine: degraded (etcd; last view of 12 s ago)
        members: 9
        routing: epoch 17
        region frankfurt: failed 0 % (2 of 2 silos silent for 2.5 s)
        region tokyo: active 100 % (first seen)
        upstream http://127.0.0.1:1234: half-open
        something: new

        """;

    [Fact]
    public void Of_AReport_ReadsWhatADrillNeeds()
    {
        var seen = Sighting.Of("tokyo-silo-1", "tokyo", Report);

        Assert.Equal((true, false, 17L), (seen.Answers, seen.IsReady, seen.Epoch));
        Assert.Equal((true, false, true), (seen.IsEngineDegraded, seen.IsStoreOk, seen.IsUpstreamAway));
        Assert.Equal((true, false), (seen.SeesOutOfService("frankfurt"), seen.SeesOutOfService("tokyo")));
        Assert.Equal((false, true, true), (seen.SeesWhole("frankfurt"), seen.SeesWhole("tokyo"), seen.SeesWhole("sanjose")));
    }

    [Fact]
    public void Of_AWellMember_SaysSo()
    {
        var seen = Sighting.Of("a", "tokyo", "ready\nstore: ok\nengine: ok (etcd; x)\nrouting: epoch 1\nupstream http://u: closed\n");

        Assert.True(seen is { IsReady: true, IsStoreOk: true, IsEngineDegraded: false, IsUpstreamAway: false });
    }

    [Fact]
    public void Of_WhateverSomebodyElseAnswers_IsFitToBeShown()
    {
        var seen = Sighting.Of("a", "tokyo", "ready\nrouting: epoch many\nregion to\u001b[2Jkyo: active \u001b]0;x\u0007 100 %\n");

        Assert.Equal((0L, true), (seen.Epoch, seen.IsReady));
        Assert.Equal(KeyValuePair.Create(@"to\u001b[2Jkyo", @"active \u001b]0;x\u0007 100 %"), Assert.Single(seen.Regions));
    }
}
