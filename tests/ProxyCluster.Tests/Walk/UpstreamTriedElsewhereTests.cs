using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Walk;

/// <summary>The owner has tried upstream in vain: this silo looks whether it fares better.</summary>
public sealed class UpstreamTriedElsewhereTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(FailureKind.UpstreamUnavailable, true, 1)]
    [InlineData(FailureKind.UpstreamTimeout, true, 1)]
    [InlineData(FailureKind.PeerUnavailable, true, 3)] // it has not tried
    [InlineData(FailureKind.UpstreamUnavailable, false, 3)] // nothing to wait for
    public async Task Get_OwnerFails_UpstreamIsNotWaitedForOnceMore(FailureKind met, bool saysWhen, int requests)
    {
        await using var upstream = UpstreamServer.Start();
        upstream.Faults.Always("*", saysWhen ? Fault.TooManyRequests(1) : Fault.Status(503));
        await using var site = await PeerSite.StartAsync();
        var regions = site.RegionsInOwnerOrder("a", "b");
        await site.ScriptAsync(regions[0], (context, target) => ScriptedPeer.FrameAsync(context, PeerFrameType.Failure, PeerFailure.Write(
            new Failure(target.Contains("/stored/", StringComparison.Ordinal) ? FailureKind.NotCached : met, "scripted"))));
        var silo = await site.AddAsync(regions[1], Role.Silo, (SettingKeys.Upstreams, upstream.Url), ("Upstreams:Backoff", "10ms"));

        using var answer = await site.Client.GetAsync(silo.Urls.First() + site.Zip, Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(requests, upstream.TotalRequests);
    }
}
