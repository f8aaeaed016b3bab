using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Fetching;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>What one client may do to others' misses; each address of loopback is a client.</summary>
public sealed class CrowdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Miss_BesideAClientWhoAsksForEverything_IsFetched()
    {
        var never = new TaskCompletionSource();
        await using var silo = await TestSilo.StartAsync(("Upstreams:MaxConcurrentRequests", "4"));
        var wanted = SiloModule.Pack("example.com/wanted", "v1.0.0");
        silo.Add(wanted);
        using var greedy = Client(silo, "127.0.0.2");
        var flood = Enumerable.Range(0, 40).Select(i => $"/example.com/m{i}/@v/v1.0.0.info").ToList();
        foreach (var path in flood)
        {
            silo.Upstream.Faults.Always(path, Fault.Until(never.Task));
            _ = greedy.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        }

        await silo.ActiveRequests(flood.Count);
        while (silo.Upstream.TotalRequests < 3)
            await Task.Delay(10, Cancel);
        using var polite = Client(silo, "127.0.0.3");
        foreach (var kind in new[] { ".info", ".mod", ".zip" })
        {
            using var answer = await polite.GetAsync(new Uri(wanted.Stem + kind, UriKind.Relative), Cancel).WaitAsync(Patience, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        never.SetResult();
    }

    [Fact]
    public async Task Miss_WhoseClientLeftWhileItWaited_IsNotFetched()
    {
        var gate = new TaskCompletionSource();
        await using var silo = await TestSilo.StartAsync(("Upstreams:MaxConcurrentRequests", "1"), ("Peers:Heartbeat", "00:00:00.050"));
        silo.Upstream.Faults.Always("/example.com/slow/@v/v1.0.0.info", Fault.Until(gate.Task));
        using var client = Client(silo, "127.0.0.2");
        var slow = client.GetAsync(new Uri("/example.com/slow/@v/v1.0.0.info", UriKind.Relative), Cancel);
        await silo.Upstream.Requested("/example.com/slow/@v/v1.0.0.info");

        using (var leaving = new CancellationTokenSource())
        {
            var left = new[] { "/example.com/left/@v/v1.0.0.info", "/example.com/left/@v/list" }
                .Select(path => client.GetAsync(new Uri(path, UriKind.Relative), leaving.Token)).ToList();
            await WaitForAsync(silo, 2);
            await leaving.CancelAsync();
            foreach (var asked in left)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        }

        await WaitForAsync(silo, 0);
        gate.SetResult();
        using var answered = await slow.WaitAsync(Patience, Cancel);
        Assert.Equal(1, silo.Upstream.TotalRequests);
    }

    [Fact]
    public async Task Queries_MoreThanMayWait_AreRefused()
    {
        var gate = new TaskCompletionSource();
        await using var silo = await TestSilo.StartAsync(("Upstreams:MaxConcurrentRequests", "1"), ("Upstreams:MaxWaiting", "2"));
        silo.Upstream.Faults.Always("*", Fault.Until(gate.Task));
        using var client = Client(silo, "127.0.0.2");
        var asked = Enumerable.Range(0, 10).Select(i => client.GetAsync(new Uri($"/example.com/m{i}/@v/list", UriKind.Relative), Cancel)).ToList();
        while (asked.Count(static query => query.IsCompleted) < 7)
            await Task.WhenAny(asked.Where(static query => !query.IsCompleted)).WaitAsync(Patience, Cancel);

        Assert.Equal(3, asked.Count(static query => !query.IsCompleted));
        gate.SetResult();
        var statuses = (await Task.WhenAll(asked)).Select(static answer => answer.StatusCode).ToList();
        Assert.Equal(7, statuses.Count(static status => status == HttpStatusCode.ServiceUnavailable));
    }

    private static async Task WaitForAsync(TestSilo silo, int waiting)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Patience);
        while (silo.Services.GetRequiredService<UpstreamChain>().Waiting != waiting)
            await Task.Delay(10, limit.Token);
    }

    private static HttpClient Client(TestSilo silo, string address) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = silo.Http.BaseAddress,
    };
}
