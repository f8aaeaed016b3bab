using System.Net;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using ProxyCluster.Etcd;
using ProxyCluster.TestKit.Etcd;

namespace ProxyCluster.Tests.Etcd;

/// <summary>A first endpoint that does what it is asked and whose answers are lost, so that the second is asked the same.</summary>
public sealed class LostAnswerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Insert_YesIsLost_SecondEndpointsNoIsKnownForOurOwn()
    {
        await using var etcd = new EtcdProcess();
        await etcd.StartAsync();
        var options = Options.Create(new EtcdOptions { Endpoints = [new UriBuilder(etcd.ClientUrl) { Host = "localhost" }.Uri, etcd.ClientUrl] });
        var cluster = Options.Create(new ClusterOptions { ServiceId = "s", ClusterId = "c" });
        using var losing = new EtcdMembershipTable(options, cluster, new EtcdClient(options.Value, TimeProvider.System, new LosingTransport("localhost")));
        using var other = new EtcdMembershipTable(options, cluster, TimeProvider.System);
        var version = (await other.ReadAllAsync(Cancel)).Version;

        Assert.True(await losing.InsertRowAsync(Entry(1), version.Next(), Cancel));

        var read = await other.ReadAllAsync(Cancel);
        Assert.Equal((1, 1), (read.Version.Version, read.Members.Count));
        Assert.False(await losing.InsertRowAsync(Entry(2), version.Next(), Cancel));
    }

    private static MembershipEntry Entry(int generation) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), generation),
        Status = SiloStatus.Joining,
        HostName = "h",
        SiloName = "s",
    };

    private sealed class LosingTransport(string host) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (request.RequestUri!.Host != host)
                return answer;
            answer.Dispose();
            throw new HttpRequestException("the answer was lost");
        }
    }
}
