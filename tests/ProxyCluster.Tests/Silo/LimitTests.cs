using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a client may cost: bytes, time and connections. Beyond it, that client is turned away and nobody else.</summary>
public class LimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RequestLine_BeyondTheLimit_Is414AndTheConnectionEnds()
    {
        await using var silo = await FilledSilo.StartAsync(("Http:MaxRequestLineBytes", "1024"));
        var inside = FilledSilo.Lib.Stem + ".mod?" + new string('x', 800);
        Assert.Equal(200, (await silo.GetAsync(inside)).Status);

        using var connection = await RawConnection.OpenAsync(silo.Address);
        Assert.Equal(414, (await connection.AskAsync("GET", inside + new string('x', 800))).Status);
        Assert.Equal(0, (await connection.ReadToEndAsync()).Bytes);
    }

    [Fact]
    public async Task Headers_BeyondTheirLimits_Are431AndTheConnectionEnds()
    {
        await using var silo = await FilledSilo.StartAsync(("Http:MaxHeaderBytes", "2048"), ("Http:MaxHeaderCount", "16"));
        var path = FilledSilo.Lib.Stem + ".mod";
        Assert.Equal(200, (await silo.GetAsync(path, "X-Long: " + new string('x', 1900))).Status);
        Assert.Equal(200, (await silo.GetAsync(path, [.. Enumerable.Range(0, 15).Select(i => $"X-{i}: y")])).Status);

        foreach (var headers in (string[][])[["X-Long: " + new string('x', 2100)], [.. Enumerable.Range(0, 16).Select(i => $"X-{i}: y")]])
        {
            using var connection = await RawConnection.OpenAsync(silo.Address);
            Assert.Equal(431, (await connection.AskAsync("GET", path, headers)).Status);
            Assert.Equal(0, (await connection.ReadToEndAsync()).Bytes);
        }
    }

    [Fact]
    public async Task Headers_ThatNeverEnd_AreGivenUp()
    {
        await using var silo = await FilledSilo.StartAsync(("Http:HeaderTimeout", "1s"));
        using var slow = await RawConnection.OpenAsync(silo.Address);
        await slow.SendAsync("GET /healthz HTTP/1.1\r\nHost: proxy.test\r\nX-Slow: ");
        var answer = await slow.ReadAnswerAsync().WaitAsync(Patience, Cancellation);
        Assert.Equal(408, answer.Status);
        Assert.Equal(0, (await slow.ReadToEndAsync()).Bytes);
    }

    [Fact]
    public async Task Connection_ThatIsIdle_IsClosed()
    {
        await using var silo = await FilledSilo.StartAsync(("Http:IdleTimeout", "1s"));
        using var idle = await RawConnection.OpenAsync(silo.Address);
        Assert.Equal(200, (await idle.AskAsync("GET", "/healthz")).Status);
        Assert.Equal((0, true), await idle.ReadToEndAsync().WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Body_ThatIsNotRead_IsGivenUpAfterTheStallTimeout()
    {
        var stall = TimeSpan.FromMinutes(7);
        var clock = new ManualTimeProvider();
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Http:StallTimeout", "7m"));
        var module = SiloModule.Pack("example.com/large", "v1.0.0", 16 << 20); // more than all buffers on the way hold
        silo.Add(module);
        using var stalled = await RawConnection.OpenAsync(silo.Address, receiveBuffer: 4096);
        await stalled.SendAsync(RawConnection.Head("GET", module.Stem + ".zip"));
        Assert.Equal(200, (await stalled.ReadHeadAsync()).Status);

        // Others are served meanwhile.
        Assert.Equal(module.Zip, (await silo.GetAsync(module.Stem + ".zip")).Body);

        // As long as buffers fill up, each flush starts the time anew.
        var gone = silo.ActiveRequests(0);
        while (await Task.WhenAny(gone, clock.TimerDueIn(stall)).WaitAsync(Patience, Cancellation) != gone)
            clock.Advance(stall);

        var (bytes, _) = await stalled.ReadToEndAsync().WaitAsync(Patience, Cancellation);
        Assert.InRange(bytes, 0, module.Zip.Length - 1);
        Assert.Equal(200, (await silo.GetAsync("/healthz")).Status);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Connections_ThatAreIdle_GiveWayToWhoAsks()
    {
        await using var silo = await FilledSilo.StartAsync(("Http:MaxConnections", "3"));
        var idle = new List<RawConnection>();
        for (var i = 0; i < 3; i++)
        {
            idle.Add(await RawConnection.OpenAsync(silo.Address));
            Assert.Equal(200, (await idle[i].AskAsync("GET", "/healthz")).Status);
        }

        foreach (var path in (string[])["/healthz", FilledSilo.Lib.Stem + ".mod", FilledSilo.Lib.Stem + ".zip"])
            Assert.Equal(200, (await silo.GetAsync(path)).Status);
        idle.ForEach(static connection => connection.Dispose());
    }

    [Fact]
    public async Task Connections_AllAtWork_LetHealthChecksInAndNobodyElse()
    {
        var gate = new TaskCompletionSource();
        await using var silo = await FilledSilo.StartAsync(("Http:MaxConnections", "2"));
        silo.Upstream.Faults.Always("/example.com/slow/@v/v1.0.0.info", Fault.Until(gate.Task));
        var busy = new List<RawConnection>();
        for (var i = 0; i < 2; i++)
        {
            busy.Add(await RawConnection.OpenAsync(silo.Address));
            await busy[i].SendAsync(RawConnection.Head("GET", "/example.com/slow/@v/v1.0.0.info"));
        }

        await silo.ActiveRequests(2).WaitAsync(Patience, Cancellation);
        Assert.Equal(200, (await silo.GetAsync("/healthz")).Status);
        Assert.Equal(200, (await silo.GetAsync("/readyz")).Status);
        using var other = await RawConnection.OpenAsync(silo.Address);
        var refused = await other.AskAsync("GET", FilledSilo.Lib.Stem + ".mod");
        Assert.Equal((503, "close"), (refused.Status, refused["Connection"]));
        gate.SetResult();
        busy.ForEach(static connection => connection.Dispose());
    }

    [Fact]
    public async Task Connections_OfOneAddressPastItsShareAndAtWork_AreClosed()
    {
        var gate = new TaskCompletionSource();
        await using var silo = await FilledSilo.StartAsync(("Http:MaxConnectionsPerClient", "2"));
        silo.Upstream.Faults.Always("/example.com/slow/@v/v1.0.0.info", Fault.Until(gate.Task));
        var busy = new List<RawConnection>();
        for (var i = 0; i < 2; i++)
        {
            busy.Add(await RawConnection.OpenAsync(silo.Address));
            await busy[i].SendAsync(RawConnection.Head("GET", "/example.com/slow/@v/v1.0.0.info"));
        }

        await silo.ActiveRequests(2).WaitAsync(Patience, Cancellation);
        Assert.False(await IsServedAsync(silo));
        gate.SetResult();
        foreach (var connection in busy)
            Assert.Equal(404, (await connection.ReadAnswerAsync().WaitAsync(Patience, Cancellation)).Status);
        Assert.True(await IsServedAsync(silo));
        busy.ForEach(static connection => connection.Dispose());
    }

    [Fact]
    public async Task Requests_OfOneAddressPastItsShare_AreRefusedAndHealthChecksAreNot()
    {
        var gate = new TaskCompletionSource();
        await using var silo = await FilledSilo.StartAsync(("Http:MaxRequestsPerClient", "1"));
        silo.Upstream.Faults.Always("/example.com/slow/@v/v1.0.0.info", Fault.Until(gate.Task));
        using var busy = await RawConnection.OpenAsync(silo.Address);
        await busy.SendAsync(RawConnection.Head("GET", "/example.com/slow/@v/v1.0.0.info"));
        await silo.ActiveRequests(1).WaitAsync(Patience, Cancellation);
        Assert.Equal(503, (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod")).Status);
        Assert.Equal(200, (await silo.GetAsync("/healthz")).Status);
        gate.SetResult();
        Assert.Equal(404, (await busy.ReadAnswerAsync().WaitAsync(Patience, Cancellation)).Status);
        Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod")).Status);
    }

    [Theory]
    [InlineData("GET", "Content-Length: 5", "hello", 400)]
    [InlineData("HEAD", "Content-Length: 5", "hello", 400)]
    [InlineData("GET", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("GET", "Content-Length: 999999999", "hello", 400)]
    [InlineData("POST", "Content-Length: 5", "hello", 405)]
    [InlineData("PUT", "Content-Length: 999999999", "hello", 405)]
    public async Task Body_OfARequest_IsRefusedAndTheConnectionEnds(string method, string header, string body, int status)
    {
        await using var silo = await FilledSilo.StartAsync();
        foreach (var path in (string[])[FilledSilo.Lib.Stem + ".mod", "/healthz", "/nothing"])
        {
            using var connection = await RawConnection.OpenAsync(silo.Address);
            await connection.SendAsync(RawConnection.Head(method, path, header) + body);
            var answer = await connection.ReadAnswerAsync(method == "HEAD");
            Assert.Equal((status, "close"), (answer.Status, answer["Connection"]));
            Assert.Equal(0, (await connection.ReadToEndAsync().WaitAsync(Patience, Cancellation)).Bytes);
        }

        Assert.Empty(silo.Upstream.Calls);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Body_ThatLooksLikeARequest_IsNotAnsweredAsOne()
    {
        await using var silo = await FilledSilo.StartAsync();
        var smuggled = RawConnection.Head("GET", FilledSilo.Lib.Stem + ".mod");
        string[] headers =
        [
            $"Content-Length: {smuggled.Length}",
            $"Transfer-Encoding: chunked\r\nContent-Length: {smuggled.Length}",
            $"Content-Length: {smuggled.Length}\r\nContent-Length: 0",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: x",
        ];
        foreach (var header in headers)
        {
            using var connection = await RawConnection.OpenAsync(silo.Address);
            await connection.SendAsync(RawConnection.Head("GET", "/healthz", header) + smuggled);
            Assert.Equal(400, (await connection.ReadAnswerAsync()).Status);
            Assert.Equal(0, (await connection.ReadToEndAsync().WaitAsync(Patience, Cancellation)).Bytes);
        }

        Assert.Empty(silo.Upstream.Calls);
    }

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\n\r\n")] // no Host
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: proxy.test\r\nBad Header: x\r\n\r\n")]
    [InlineData("GET  /healthz HTTP/1.1\r\nHost: proxy.test\r\n\r\n")]
    [InlineData("GET /healthz\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n")] // TLS where none is spoken
    public async Task Request_ThatIsNone_IsRefusedAndTheConnectionEnds(string request)
    {
        await using var silo = await FilledSilo.StartAsync();
        using var connection = await RawConnection.OpenAsync(silo.Address);
        await connection.SendAsync(request);
        Assert.Equal(400, (await connection.ReadAnswerAsync().WaitAsync(Patience, Cancellation)).Status);
        Assert.Equal(0, (await connection.ReadToEndAsync().WaitAsync(Patience, Cancellation)).Bytes);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Request_OfHttp10_IsServedAndTheConnectionEnds()
    {
        await using var silo = await FilledSilo.StartAsync();
        using var connection = await RawConnection.OpenAsync(silo.Address);
        await connection.SendAsync($"GET {FilledSilo.Lib.Stem}.mod HTTP/1.0\r\n\r\n");
        Assert.Equal(FilledSilo.Lib.GoMod, (await connection.ReadAnswerAsync()).Body);
        Assert.Equal((0, true), await connection.ReadToEndAsync().WaitAsync(Patience, Cancellation));
    }

    private static async Task<bool> IsServedAsync(TestSilo silo)
    {
        try
        {
            return (await silo.GetAsync("/healthz")).Status == 200;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return false;
        }
    }
}
