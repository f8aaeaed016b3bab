using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Fetching;
using ProxyCluster.Lines;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>What one client may do to others' misses; each address of loopback is a client.</summary>
public sealed class CrowdTests
{
    private static readonly Uri Nothing = new("/no-such-thing", UriKind.Relative);
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
        await Waiting.UntilAsync(() => silo.Upstream.TotalRequests >= 3);
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
        await Waiting.UntilAsync(() => asked.Count(static query => query.IsCompleted) >= 7);

        Assert.Equal(3, asked.Count(static query => !query.IsCompleted));
        gate.SetResult();
        var refused = (await Task.WhenAll(asked)).Where(static answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable).ToList();
        Assert.Equal(7, refused.Count);

        // Nobody else is refused for that.
        using var again = await client.GetAsync(refused[0].RequestMessage!.RequestUri, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task Clients_OfACrowdBesideAPoliteOne_NamesTheCrowdFirst()
    {
        var never = new TaskCompletionSource();
        using var scratch = new ScratchDirectory();
        await File.WriteAllTextAsync(scratch["tokens"], "viewer victor victors-long-token\n", Cancel);
        await using var silo = await TestSilo.StartAsync(
            ("Upstreams:MaxConcurrentRequests", "4"), ("Upstreams:MaxWaiting", "10"), ("Admin:TokenFile", scratch["tokens"]));
        var wanted = SiloModule.Pack("example.com/wanted", "v1.0.0");
        silo.Add(wanted);
        using var greedy = Client(silo, "127.0.0.2");
        using var polite = Client(silo, "127.0.0.1");
        var flood = Enumerable.Range(0, 60).Select(i => $"/example.com/m{i}/@v/v1.0.0.info").ToList();
        flood.ForEach(path => silo.Upstream.Faults.Always(path, Fault.Until(never.Task)));

        // 1. Three of its turns are taken, ten wait, and the rest is refused.
        var asked = flood.Select(path => greedy.GetAsync(new Uri(path, UriKind.Relative), Cancel)).ToList();
        await Waiting.UntilAsync(() => asked.Count(static one => one.IsCompleted) >= flood.Count - 13);
        using (var answer = await polite.GetAsync(new Uri(wanted.Stem + ".mod", UriKind.Relative), Cancel).WaitAsync(Patience, Cancel))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        // 2. While it goes on, whoever may look is told who it is.
        using (var stranger = await polite.GetAsync(new Uri("/-/admin/v1/clients", UriKind.Relative), Cancel))
            Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        await ClientsAsync(silo, 49, queued: TimeSpan.FromTicks(1));
        using var question = new HttpRequestMessage(HttpMethod.Get, "/-/admin/v1/clients") { Headers = { { "Authorization", "Bearer victors-long-token" } } };
        using var told = await polite.SendAsync(question, Cancel);
        var answered = await told.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        foreach (var window in (string[])["minute", "tenMinutes"])
        {
            foreach (var order in (string[])["byRequests", "byRefused", "byQueueTime"])
                Assert.Equal("127.0.0.2", answered.GetProperty(window).GetProperty(order)[0].GetProperty("client").GetString());
            var byRequests = answered.GetProperty(window).GetProperty("byRequests");
            Assert.Equal((47, 47), (byRequests[0].GetProperty("requests").GetInt32(), byRequests[0].GetProperty("refused").GetInt32()));
            Assert.Equal("127.0.0.1", byRequests[1].GetProperty("client").GetString());
            Assert.Equal((2, 1), (byRequests[1].GetProperty("requests").GetInt32(), byRequests[1].GetProperty("refused").GetInt32())); // for its missing token
        }

        never.SetResult();
    }

    [Fact]
    public async Task Clients_BehindAFrontEnd_AreKnownToTheSiloAndMembersCallsAreNobodys()
    {
        var cluster = new LocalCluster();
        await using var silo = await TestSilo.StartAsync(services => services.AddSingleton(cluster), ("Cluster:Engine", "local"));
        await using var front = await TestSilo.StartAsync(
            services => services.AddSingleton(cluster), ("Cluster:Engine", "local"), ("Cluster:Role", "FrontEnd"));

        // What a member asks for itself.
        var sent = await front.Services.GetRequiredService<PeerCalls>().SendAsync(
            silo.Services.GetRequiredService<ClusterSelf>().Member, HttpMethod.Get, PeerTarget.Ping, null, Cancel);
        Assert.True(sent.TryGet(out var pong, out var failure), failure?.Message);
        using (pong)
            Assert.Equal(HttpStatusCode.NoContent, pong.StatusCode);

        // What it asks for a client.
        using var client = Client(front, "127.0.0.2");
        for (var i = 0; i < 5; i++)
        {
            using var answer = await client.GetAsync(new Uri($"/example.com/m{i}/@v/list", UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        foreach (var member in (TestSilo[])[front, silo])
        {
            var (address, figures) = Assert.Single(await ClientsAsync(member, 5));
            Assert.Equal(("127.0.0.2", 5, 0), (address.ToString(), figures.Requests, figures.Refused));
        }
    }

    [Theory]
    [InlineData("GET", "/%zz/@v/list", 1)]
    [InlineData("DELETE", "/example.com/lib/@v/list", 1)]
    [InlineData("GET", PeerCalls.Prefix + "ping", 1)] // unsigned
    [InlineData("GET", "/-/admin/v1/status", 1)]
    [InlineData("GET", "/example.com/lib/@v/list", 0)] // absent is an answer
    [InlineData("GET", "/healthz", 0)]
    public async Task Clients_OneRequest_IsCountedAndRefusedWhereTheDoorTurnsItAway(string method, string path, int refused)
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.AskAsync(method, path);
        var (address, figures) = Assert.Single(await ClientsAsync(silo, 1));
        Assert.Equal(("127.0.0.1", 1, refused), (address.ToString(), figures.Requests, figures.Refused));
    }

    [Theory]
    [InlineData("no request\r\n\r\n", 400)]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("LONG", 414)]
    public async Task Clients_WhatTheServerRefusesByItself_IsCountedAsRefused(string sent, int status)
    {
        await using var silo = await TestSilo.StartAsync(("Http:MaxRequestLineBytes", "1024"));
        using var connection = await RawConnection.OpenAsync(silo.Address);
        await connection.SendAsync(sent.Replace("LONG", $"GET /{new string('x', 2000)} HTTP/1.1\r\n\r\n", StringComparison.Ordinal));
        Assert.Equal(status, (await connection.ReadAnswerAsync()).Status);
        var (client, figures) = Assert.Single(await ClientsAsync(silo, 0));
        Assert.Equal(("127.0.0.1", 0, 1), (client.ToString(), figures.Requests, figures.Refused));
    }

    [Fact]
    public async Task Clients_ConnectionsPastTheShare_AreCountedAsRefused()
    {
        var gate = new TaskCompletionSource();
        await using var silo = await TestSilo.StartAsync(("Http:MaxConnectionsPerClient", "1"));
        silo.Upstream.Faults.Always("/example.com/slow/@v/v1.0.0.info", Fault.Until(gate.Task));
        using var busy = await RawConnection.OpenAsync(silo.Address);
        await busy.SendAsync(RawConnection.Head("GET", "/example.com/slow/@v/v1.0.0.info"));
        await silo.ActiveRequests(1).WaitAsync(Patience, Cancel);
        await AssertTurnedAwayAsync(silo.Http.GetAsync(new Uri("/healthz", UriKind.Relative), Cancel));
        var (_, figures) = Assert.Single(await ClientsAsync(silo, 0));
        Assert.Equal((0, true), (figures.Requests, figures.Refused > 0));
        gate.SetResult();
    }

    // Before it has asked, or while it does.
    private static async Task AssertTurnedAwayAsync(Task<HttpResponseMessage> asking)
    {
        var e = await Assert.ThrowsAnyAsync<Exception>(() => asking);
        Assert.True(e is HttpRequestException or SocketException, e.ToString());
    }

    // A request is counted at its very end, after its client has the answer.
    private static async Task<IReadOnlyList<KeyValuePair<ClientAddress, ClientFigures>>> ClientsAsync(
        TestSilo silo, long requests, TimeSpan queued = default)
    {
        var window = silo.Services.GetRequiredService<ProxyMetrics>().Clients;
        var read = window.Read(ClientWindow.Minute);
        await Waiting.UntilAsync(
            () => (read = window.Read(ClientWindow.Minute)) is { Total: var total, Clients.Count: > 0 } && total.Requests >= requests && total.Queued >= queued,
            $"{requests} requests are counted");
        return read.Clients;
    }

    [Fact]
    public async Task Connections_OfWhoWastesWhatIsShort_WaitUntilItHasWastedLess()
    {
        var clock = new ManualTimeProvider();
        await using var silo = await TestSilo.StartAsync(services => services.AddSingleton<TimeProvider>(clock), ("Http:MaxWastedPerSecond", "2"));
        using (var wasteful = Client(silo, "127.0.0.2"))
            await BeTurnedAwayAsync(clock, [wasteful]);

        // Nothing is made of it while it tries, by a kernel that answers nobody else's either.
        using var again = Client(silo, "127.0.0.2");
        var waiting = again.GetAsync(Nothing, Cancel);
        using var polite = Client(silo, "127.0.0.3");
        Assert.Equal(HttpStatusCode.NotFound, (await polite.GetAsync(Nothing, Cancel)).StatusCode);
        Assert.False(waiting.IsCompleted);
        Assert.Contains(await ClientsAsync(silo, 5), static one => one is { Key: var client, Value: { Requests: 4, Refused: 1 } } && client.ToString() == "127.0.0.2");
        Assert.IsType<GuardedTransport>(silo.Services.GetServices<IConnectionListenerFactory>().Last());

        for (var beat = 0; beat < 30; beat++)
            clock.Advance(LoadShedding.Beat);
        Assert.Equal(HttpStatusCode.NotFound, (await waiting.WaitAsync(Patience, Cancel)).StatusCode);
    }

    [Fact]
    public async Task Connections_WhereMembersCome_AreLetInWhateverTheirAddressHasWasted()
    {
        var clock = new ManualTimeProvider();
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Http:MaxWastedPerSecond", "2"), (SettingKeys.InternalUrls, "http://127.0.0.1:0"));
        using (var wasteful = Client(silo, "127.0.0.2"))
            await BeTurnedAwayAsync(clock, [wasteful]);

        var inside = new Uri(silo.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Last());
        using var member = new HttpClient(ClientAt.Address("127.0.0.2", new IPEndPoint(IPAddress.Loopback, inside.Port)));
        using var answer = await member.GetAsync(new Uri(inside, PeerCalls.Prefix + "ping"), Cancel).WaitAsync(Patience, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Connections_OfMoreWhoWasteThanTheKernelKeepsOut_AreEndedBeforeAnythingIsMadeOfThem()
    {
        var clock = new ManualTimeProvider();
        await using var silo = await TestSilo.StartAsync(services => services.AddSingleton<TimeProvider>(clock), ("Http:MaxWastedPerSecond", "2"));
        List<HttpClient> Crowd() => [.. Enumerable.Range(1, 65).Select(n => Client(silo, $"127.0.1.{n}"))];
        var wasteful = Crowd();
        await BeTurnedAwayAsync(clock, wasteful);
        wasteful.ForEach(static client => client.Dispose());

        var again = Crowd();
        var asking = again.Select(static client => client.GetAsync(Nothing, Cancel)).ToList();
        var ended = await Task.WhenAny(asking).WaitAsync(Patience, Cancel);
        await AssertTurnedAwayAsync(ended);
        using var polite = Client(silo, "127.0.0.3");
        Assert.Equal(HttpStatusCode.NotFound, (await polite.GetAsync(Nothing, Cancel)).StatusCode);
        Assert.Equal(64, asking.Count(static one => !one.IsCompleted));

        again.ForEach(static client => client.Dispose());
        await Task.WhenAll(asking).ContinueWith(static all => Assert.True(all.IsFaulted || all.IsCanceled), TaskScheduler.Default);
    }

    // On the connections that they have.
    private static async Task BeTurnedAwayAsync(ManualTimeProvider clock, IReadOnlyList<HttpClient> clients)
    {
        foreach (var wasteful in clients.SelectMany(static client => Enumerable.Repeat(client, 3)))
            Assert.Equal(HttpStatusCode.NotFound, (await wasteful.GetAsync(Nothing, Cancel)).StatusCode);
        clock.Stall(LoadShedding.Beat + LoadShedding.Late);
        foreach (var wasteful in clients)
        {
            var refused = await wasteful.GetAsync(Nothing, Cancel);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (refused.StatusCode, refused.Headers.ConnectionClose));
        }
    }

    [Fact]
    public async Task Streams_ThatTheirClientDoesNotRead_AreBoundedAndOthersAreServed()
    {
        var directory = Directory.CreateTempSubdirectory("crowd-").FullName;
        using var authority = new SiloCertificates("crowd");
        authority.Write(directory);
        await using var silo = await TestSilo.StartAsync(
            ("Http:MaxRequestsPerClient", "20"),
            ("Serve:Urls", "https://127.0.0.1:0"),
            ("Kestrel:Certificates:Default:Path", Path.Combine(directory, "CertFile")),
            ("Kestrel:Certificates:Default:KeyPath", Path.Combine(directory, "KeyFile")));
        var large = SiloModule.Pack("example.com/large", "v1.0.0", 4 << 20);
        silo.Add(large);
        using var polite = Client(silo, "127.0.0.3", authority);
        Assert.Equal(large.Zip, await polite.GetByteArrayAsync(new Uri(large.Stem + ".zip", UriKind.Relative), Cancel));

        // What fits into the windows is sent, and then each stream waits for its reader.
        using var lazy = Client(silo, "127.0.0.2", authority);
        var streams = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ =>
            lazy.GetAsync(new Uri(large.Stem + ".zip", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel)));
        Assert.All(streams, static stream => Assert.Equal(HttpVersion.Version20, stream.Version));
        Assert.Equal(20, streams.Count(static stream => stream.StatusCode == HttpStatusCode.OK));
        Assert.Equal(40, streams.Count(static stream => stream.StatusCode == HttpStatusCode.ServiceUnavailable));
        Assert.Equal(large.Zip, await polite.GetByteArrayAsync(new Uri(large.Stem + ".zip", UriKind.Relative), Cancel));

        foreach (var stream in streams)
            stream.Dispose();
        await silo.ActiveRequests(0).WaitAsync(Patience, Cancel);
        Assert.Equal(large.Zip, await lazy.GetByteArrayAsync(new Uri(large.Stem + ".zip", UriKind.Relative), Cancel));
        Directory.Delete(directory, recursive: true);
    }

    private static Task WaitForAsync(TestSilo silo, int waiting) =>
        Waiting.UntilAsync(() => silo.Services.GetRequiredService<UpstreamChain>().Waiting == waiting, $"{waiting} wait");

    private static HttpClient Client(TestSilo silo, string address, SiloCertificates? authority = null)
    {
        var handler = ClientAt.Address(address, silo.Address);
        if (authority is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority.Authority },
                RevocationMode = X509RevocationMode.NoCheck,
            };
        }

        return new HttpClient(handler)
        {
            // By the name in the certificate.
            BaseAddress = authority is null ? silo.Http.BaseAddress : new Uri("https://silo"),
            DefaultRequestVersion = authority is null ? HttpVersion.Version11 : HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
