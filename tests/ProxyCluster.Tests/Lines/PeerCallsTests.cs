using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class PeerCallsTests : IDisposable
{
    private const string Target = PeerCalls.Prefix + "ping/";

    private readonly TestLines _lines = new();
    private readonly ManualTimeProvider _clock;

    public PeerCallsTests() => _clock = _lines.Clock;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _lines.Dispose();

    [Fact]
    public async Task Send_RefusalForItsTime_IsSignedAgainAndKeptForTheNextCalls()
    {
        await using var peer = new RawListener(call => call == 1 ? Refusal(TimeSpan.FromHours(1)) : RawListener.Http("204 No Content"));
        Assert.Equal(204, await StatusAsync(peer));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(204, await StatusAsync(peer));
        Assert.Equal([TimeSpan.Zero, TimeSpan.FromHours(1), TimeSpan.FromHours(1)], Differences(peer, 0, 0, 1));
    }

    [Theory]
    [InlineData("401 Unauthorized")]
    [InlineData("403 Forbidden")]
    public async Task Send_RefusedWithTheirTimeToo_IsAFailureAndNothingIsLearned(string status)
    {
        await using var peer = new RawListener(call => call == 1 ? Refusal(TimeSpan.FromHours(1))
            : call == 2 ? Refusal(TimeSpan.FromHours(1), status)
            : RawListener.Http("204 No Content"));
        Assert.Equal("PeerUnavailable", await KindAsync(peer));
        Assert.Equal(204, await StatusAsync(peer));
        Assert.Equal([TimeSpan.Zero, TimeSpan.FromHours(1), TimeSpan.Zero], Differences(peer, 0, 0, 0));
    }

    [Fact]
    public async Task Send_WhatWasLearnedIsRefused_IsLearnedAnew()
    {
        await using var peer = new RawListener(call => call switch
        {
            1 => Refusal(TimeSpan.FromHours(1)),
            3 => Refusal(TimeSpan.FromHours(-2)),
            _ => RawListener.Http("204 No Content"),
        });
        for (var call = 0; call < 3; call++)
            Assert.Equal(204, await StatusAsync(peer));
        Assert.Equal([0, 1, 1, -2, -2], Differences(peer, 0, 0, 0, 0, 0).Select(static difference => difference.TotalHours));
    }

    /// <summary>A date that nobody's clock is off by is nobody's clock: the call is not signed with it.</summary>
    [Theory]
    [InlineData("1.00:00:00", true)]
    [InlineData("-1.00:00:00", true)]
    [InlineData("1.00:00:00.001", false)]
    [InlineData("-1.00:00:00.001", false)]
    public async Task Send_RefusalNamesATimeAboutADayOff_IsBelievedForADayOnly(string off, bool isBelieved)
    {
        await using var peer = new RawListener(_ => Refusal(TimeSpan.Parse(off, CultureInfo.InvariantCulture)));
        Assert.Equal("PeerUnavailable", await KindAsync(peer));
        Assert.Equal(isBelieved ? 2 : 1, peer.Signed.Count);
    }

    [Theory]
    [InlineData("253402300799999")]
    [InlineData("253402300800000")]
    [InlineData("9223372036854775807")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("-62135596800000")]
    [InlineData("soon")]
    [InlineData("")]
    public async Task Send_RefusalNamesAnImpossibleTime_ChangesNothing(string time)
    {
        await using var peer = new RawListener(call => call == 1
            ? RawListener.Http("401 Unauthorized", $"{PeerCalls.TimeHeader}: {time}")
            : RawListener.Http("204 No Content"));
        Assert.Equal("PeerUnavailable", await KindAsync(peer));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(204, await StatusAsync(peer));
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero], Differences(peer, 0, 60));
    }

    /// <summary>The signature is over these bytes; a URL's usual clean-up would have the peer check others.</summary>
    [Fact]
    public async Task Send_TargetThatAUrlWouldNormalise_ArrivesAsItWasSigned()
    {
        const string odd = PeerCalls.Prefix + "forward/1/-/a/../b%2Fc/./%7e";
        await using var peer = new RawListener(_ => RawListener.Http("204 No Content"));
        (await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, odd, null, Cancel)).Value.Dispose();
        Assert.Equal([$"GET {odd} HTTP/1.1"], peer.Lines);
    }

    /// <summary>Only who takes no connection is called again; these took one, and are as well heard as can be.</summary>
    [Theory]
    [InlineData("204 No Content", null)]
    [InlineData("403 Forbidden", "does not accept our credentials")]
    [InlineData("no HTTP", "127.0.0.1")]
    public async Task Send_WhoeverTookTheConnection_IsNotCalledAgain(string status, string? why)
    {
        await using var peer = new RawListener(_ => status[0] switch
        {
            '2' => RawListener.Http(status),
            '4' => Refusal(TimeSpan.Zero, status),
            _ => "no HTTP\r\n\r\n"u8.ToArray(),
        });
        _lines.Pulse.Heard(peer.Member.Id);
        var sent = await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, null, Cancel);
        Assert.Single(peer.Lines);
        Assert.Equal(why is null, sent.Failure is null);
        if (why is null)
            sent.Value.Dispose();
        else
            Assert.Contains(why, sent.Failure!.Message, StringComparison.Ordinal);
    }

    /// <summary>Only a member's door names its time; the same status without it is an answer like any other.</summary>
    [Theory]
    [InlineData("401 Unauthorized", 401)]
    [InlineData("403 Forbidden", 403)]
    public async Task Send_StatusOfARefusalWithoutATime_IsTheAnswer(string status, int expected)
    {
        await using var peer = new RawListener(_ => RawListener.Http(status));
        Assert.Equal(expected, await StatusAsync(peer));
        Assert.Single(peer.Signed);
    }

    [Fact]
    public async Task Send_AnswerThatHappensToNameATime_IsNoRefusal()
    {
        await using var peer = new RawListener(_ => Refusal(TimeSpan.Zero, "200 OK"));
        Assert.Equal(200, await StatusAsync(peer));
    }

    /// <summary>What is signed for one member goes to no other address, whatever that member says.</summary>
    [Fact]
    public async Task Send_RedirectOfAPeer_IsNotFollowed()
    {
        await using var elsewhere = new RawListener(_ => RawListener.Http("204 No Content"));
        await using var peer = new RawListener(_ => RawListener.Http("302 Found", $"Location: {elsewhere.Member.Address}x\r\nContent-Length: 0"));
        Assert.Equal(302, await StatusAsync(peer));
        Assert.Empty(elsewhere.Lines);
    }

    [Fact]
    public async Task Send_HeadersOfTheCaller_AreAdded()
    {
        await using var peer = new RawListener(_ => RawListener.Http("204 No Content"));
        var isAsked = false;
        (await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, _ => isAsked = true, Cancel)).Value.Dispose();
        Assert.True(isAsked);
    }

    [Fact]
    public async Task Send_WithAGateway_OnlyOtherRegionsAreCalledThroughIt()
    {
        await using var near = new RawListener(_ => RawListener.Http("204 No Content"));
        await using var gateway = new RawListener(_ => RawListener.Http("204 No Content"));
        using var lines = new TestLines(gateway.Member.Address);
        (await lines.Calls.SendAsync(near.Member, HttpMethod.Get, Target, null, Cancel)).Value.Dispose();
        Assert.Equal((1, 0), (near.Lines.Count, gateway.Lines.Count));

        // Nobody has this address, so that the call can only have gone to the gateway.
        var far = new Member("b", "paris", new Uri("http://paris.invalid:8081"), Role.Silo, "");
        (await lines.Calls.SendAsync(far, HttpMethod.Get, Target, null, Cancel)).Value.Dispose();
        Assert.Equal((1, $"GET http://paris.invalid:8081{Target} HTTP/1.1"), (near.Lines.Count, Assert.Single(gateway.Lines)));
    }

    [Fact]
    public async Task Send_NobodyListens_SaysWhoAndWhy()
    {
        var peer = new RawListener(static _ => []);
        await peer.DisposeAsync();
        var sent = await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, null, Cancel);
        Assert.StartsWith($"a at {peer.Member.Address.Authority} could not be used: ", sent.Failure!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("in time", sent.Failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Whoever listens at a member's address may say what it likes: there is an outcome.</summary>
    [Fact]
    public async Task Send_AnyStatusHeadersAndBody_GivesAnOutcome()
    {
        var answers = (from status in Statuses from headers in Headers from body in Bodies select RawListener.Http(status, headers, body))
            .Concat(Garbage)
            .ToArray();
        var next = 0;
        await using var peer = new RawListener(_ => answers[Volatile.Read(ref next)]);
        for (; next < answers.Length; Interlocked.Increment(ref next))
        {
            // What it was told may hurt only later, or in what is read of the body.
            for (var call = 0; call < 2; call++)
            {
                var sent = await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, null, Cancel);
                Assert.True(sent.Failure is null or { Kind: FailureKind.PeerUnavailable }, $"{next}: {sent.Failure}");
                if (sent.TryGet(out var response, out _))
                    response.Dispose();
                _clock.Advance(TimeSpan.FromMilliseconds(1));
            }

            var asked = await new PeerQueries(_lines.Lines).AskAsync(peer.Member, "example.com/a/@v/list", static () => { }, Cancel);
            Assert.Equal(FailureKind.PeerUnavailable, asked.Failure?.Kind);
        }
    }

    [Fact]
    public async Task Send_CallerLeaves_IsTheOneThingThatThrows()
    {
        using var leaving = new CancellationTokenSource();
        await using var peer = new RawListener(_ =>
        {
            leaving.Cancel();
            return [];
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, null, leaving.Token));
    }

    private static string[] Statuses =>
    [
        "100 Continue", "101 Switching Protocols", "103 Early Hints", "200 OK", "204 No Content", "206 Partial Content", "302 Found",
        "304 Not Modified", "401 Unauthorized", "403 Forbidden", "407 Proxy Authentication Required", "500", "999 x", "0 x", "-1 x",
    ];

    private static string[] Headers =>
    [
        "",
        $"{PeerCalls.TimeHeader}: 253402300799999",
        $"{PeerCalls.TimeHeader}: 1767323045000\r\n{PeerCalls.TimeHeader}: x",
        "WWW-Authenticate: Negotiate !\r\nWWW-Authenticate: Digest realm",
        "Proxy-Authenticate: NTLM ====",
        "Location: http://[::::\r\nSet-Cookie: a=b; expires=never; domain=.",
        "Content-Length: 5",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nContent-Length: 2",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked\r\nContent-Encoding: br, br\r\nContent-Length: 3",
        "Connection: upgrade\r\nUpgrade: h2c\r\nAlt-Svc: h2=\":0\"; ma=-1",
        "Content-Type: text/plain; charset=none; charset\r\nDate: the 99th\r\nExpires: -1\r\nRetry-After: 1e99",
        "No colon here",
        ": no name",
        " folded: first",
        "X-\u0000\u00ff: \u0001\u00ff",
    ];

    private static string[] Bodies => ["", "hello", "5\r\nhello\r\n0\r\n\r\n", "fffffffffffffffff\r\n", "A\u0000\u0000\u0000\u0002{}", "R\u007f\u00ff\u00ff\u00ff"];

    private static IEnumerable<byte[]> Garbage =>
    [
        [], [0], [0x16, 3, 1, 0, 1, 1], "HTTP/1.1"u8.ToArray(), "HTTP/9.9 200 OK\r\n\r\n"u8.ToArray(), "SSH-2.0-x\r\n"u8.ToArray(),
        [.. "HTTP/1.1 200 OK\r\nX: "u8, .. Enumerable.Repeat((byte)'x', 100_000)],
    ];

    private byte[] Refusal(TimeSpan off, string status = "401 Unauthorized") => RawListener.Http(
        status, string.Create(CultureInfo.InvariantCulture, $"{PeerCalls.TimeHeader}: {(_clock.GetUtcNow() + off).ToUnixTimeMilliseconds()}"));

    private async Task<int> StatusAsync(RawListener peer)
    {
        var sent = await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, null, Cancel);
        using var response = sent.Value;
        return (int)response.StatusCode;
    }

    private async Task<string?> KindAsync(RawListener peer) =>
        (await _lines.Calls.SendAsync(peer.Member, HttpMethod.Get, Target, null, Cancel)).Failure?.Kind.ToString();

    /// <summary>By how much each call's signature was ahead of our clock, given the seconds at which it was made.</summary>
    private static IEnumerable<TimeSpan> Differences(RawListener peer, params int[] seconds) =>
        peer.Signed.Zip(seconds, static (signed, at) => signed - new ManualTimeProvider().GetUtcNow() - TimeSpan.FromSeconds(at));
}
