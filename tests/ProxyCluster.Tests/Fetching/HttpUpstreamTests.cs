using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Credentials;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Fetching;

public sealed class HttpUpstreamTests : IAsyncLifetime
{
    private const string Body = "these are the bytes of a zip";

    private readonly UpstreamServer _server = UpstreamServer.Start();

    public ValueTask InitializeAsync()
    {
        _server.Put(ChainFixture.ZipPath, Body);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Fetch_OfWhatIsThere_ReadsItAndCountsIt()
    {
        using var fixture = new ChainFixture(_server.Url + "/");
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        Assert.Contains($"proxycluster.upstream.fetches{{upstream={_server.Url},artifact=zip,outcome=ok}} 1", fixture.Measurements);
        Assert.Contains($"proxycluster.fetched.bytes{{upstream={_server.Url}}} {Body.Length}", fixture.Measurements);
        Assert.Equal("identity", _server.Calls.Single().Header("Accept-Encoding"));
        Assert.Null(_server.Calls.Single().Header("traceparent"));
    }

    [Fact]
    public async Task Fetch_UnderABasePathWithCapitals_AsksAsGoDoes()
    {
        _server.Put("/base/github.com/!azure/x/@v/list", "v1.0.0\n");
        using var fixture = new ChainFixture(_server.Url + "/base/");
        var list = UpstreamResource.List(ChainFixture.ParseVersion("github.com/Azure/x", "v1.0.0").Path);
        Assert.Equal("v1.0.0\n", (await fixture.FetchAsync(new(list))).Value);
        Assert.Equal("/base/github.com/%21azure/x/@v/list", _server.Calls.Single().RawTarget);
    }

    [Theory]
    [InlineData(404, "NotFound", 1)]
    [InlineData(410, "Gone", 1)]
    [InlineData(400, "UpstreamInvalid", 1)]
    [InlineData(401, "Blocked", 1)]
    [InlineData(403, "Blocked", 1)]
    [InlineData(451, "Blocked", 1)]
    [InlineData(408, "UpstreamTimeout", 3)]
    [InlineData(429, "UpstreamUnavailable", 3)]
    [InlineData(500, "UpstreamUnavailable", 3)]
    [InlineData(502, "UpstreamUnavailable", 3)]
    [InlineData(503, "UpstreamUnavailable", 3)]
    [InlineData(501, "UpstreamUnavailable", 1)]
    [InlineData(201, "UpstreamInvalid", 1)]
    [InlineData(204, "UpstreamInvalid", 1)]
    [InlineData(206, "UpstreamInvalid", 1)]
    [InlineData(300, "UpstreamInvalid", 1)]
    [InlineData(302, "UpstreamInvalid", 1)]
    [InlineData(304, "UpstreamInvalid", 1)]
    [InlineData(418, "UpstreamInvalid", 1)]
    public async Task Status_OtherThan200_MeansWhatTheTableSays(int status, string kind, int requests)
    {
        _server.Faults.Always("*", Fault.Status(status));
        using var fixture = new ChainFixture(_server.Url);
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(kind, failure.Kind.ToString());
        Assert.Equal(requests, _server.TotalRequests);
        Assert.Equal(0, fixture.Chain.Statuses[0].ConsecutiveFailures);
    }

    [Theory]
    [InlineData("not found: no such module\n\nstack", "text/plain; charset=utf-8", "not found: no such module")]
    [InlineData("gone fishing", "text/plain", "gone fishing")]
    [InlineData("404: Not found", "text/plain", "404: Not found")]
    [InlineData("<b>no</b>", "text/html", "not found: github.com/gorilla/mux@v1.8.0 .zip is not at ")]
    [InlineData("\u0001", "text/plain", "not found: github.com/gorilla/mux@v1.8.0 .zip is not at ")]
    public async Task Absence_WithABody_CarriesWhatMayBeShown(string body, string type, string message)
    {
        _server.Faults.Always("*", Fault.Status(404, body, type));
        using var fixture = new ChainFixture(_server.Url);
        Assert.StartsWith(message, (await fixture.FetchAsync()).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Absence_WithAnEndlessBody_EndsAtOnce()
    {
        _server.Faults.Always("*", Fault.Answer("endless 404", static async x =>
        {
            await x.WriteHeadAsync(404, null, "text/plain");
            while (true)
                await x.WriteAsync("and on\n"u8.ToArray());
        }));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal("and on\nand on\nand on\nand on\nand on\nand on", (await fixture.FetchAsync()).Failure!.Message);
    }

    [Fact]
    public async Task WebPage_InPlaceOfAZip_IsInvalid()
    {
        _server.Faults.Always("*", Fault.WebPage);
        using var fixture = new ChainFixture(_server.Url);
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.UpstreamInvalid, failure.Kind);
        Assert.Contains("web page", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, _server.TotalRequests);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("x-gzip")]
    public async Task Gzip_ThatNobodyAskedFor_IsInflated(string encoding)
    {
        _server.Faults.Always("*", Compressed(200, Encoding.UTF8.GetBytes(Body), encoding));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task Gzip_AroundTheTextOfA404_IsInflated()
    {
        _server.Faults.Always("*", Compressed(404, "not found: no such module\n"u8.ToArray(), "gzip"));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal("not found: no such module", (await fixture.FetchAsync()).Failure!.Message);
    }

    [Fact]
    public async Task Gzip_ThatGrowsBeyondTheLimit_IsInvalid()
    {
        _server.Faults.Always("*", Compressed(200, new byte[(1 << 20) + 1], "gzip"));
        using var fixture = new ChainFixture(_server.Url);
        var failure = (await fixture.FetchAsync(ChainFixture.Zip with { SizeLimit = 1 << 20 })).Failure!;
        Assert.Equal(FailureKind.UpstreamInvalid, failure.Kind);
        Assert.Contains("more than the 1048576 bytes", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    public async Task Encoding_ThatTheBodyDoesNotHaveOrThatGoCannotRead_IsInvalid(string encoding)
    {
        _server.Faults.Always("*", Fault.Status(200, "x", "application/zip", ("Content-Encoding", encoding)));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure!.Kind);
        Assert.Equal(1, _server.TotalRequests);
    }

    [Fact]
    public async Task Gzip_ThatBreaksOffWithTheConnection_IsNeverTakenForWhole()
    {
        var random = new byte[50_000];
        new Random(1).NextBytes(random);
        using var whole = new MemoryStream();
        using (var gzip = new GZipStream(whole, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(random);
        var half = whole.ToArray()[..30_000];
        _server.Faults.Always("*", Fault.Answer("half a gzip", async x =>
        {
            await x.WriteHeadAsync(200, null, "application/zip", ("Content-Encoding", "gzip"));
            await x.WriteAsync(half);
        }));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure?.Kind);
    }

    [Theory]
    [InlineData("text/html", "v1.0.0\nv1.1.0\n", true)]
    [InlineData("text/html; charset=utf-8", "\n", true)]
    [InlineData("text/html", "<!doctype html><title>Sign in</title>", false)]
    [InlineData("application/json", "v1.0.0 2020-01-02T03:04:05Z\n", true)]
    [InlineData("application/json", """{"errors":[{"status":404}]}""", false)]
    [InlineData("application/problem+json", """["v1.0.0"]""", false)]
    [InlineData("text/plain", "not a version\n", true)]
    [InlineData("application/octet-stream", "not a version\n", true)]
    public async Task List_UnderAnyLabel_IsWhatItsLinesAre(string label, string body, bool isList)
    {
        _server.Faults.Always("*", Fault.Status(200, body, label));
        using var fixture = new ChainFixture(_server.Url);
        var queries = new QueryUpstream(fixture.Chain, fixture.Clock);
        var outcome = await queries.AskAsync(new Query(ChainFixture.Mux.Path, QueryKind.List), null, null, TestContext.Current.CancellationToken);
        Assert.Equal(isList ? null : FailureKind.UpstreamInvalid, outcome.Failure?.Kind);
    }

    [Fact]
    public async Task Nonsense_InPlaceOfHttp_IsInvalid()
    {
        _server.Faults.Always("*", Fault.Raw("220 mail.example ESMTP\r\n\r\n"));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure!.Kind);
    }

    [Theory]
    [InlineData(4L << 30)]
    [InlineData(0L)]
    public async Task Zeros_WithoutEnd_AreInvalidOnceOverTheLimit(long declared)
    {
        _server.Faults.Always("*", declared > 0 ? Fault.Zeros(declared) : Fault.EndlessZeros);
        using var fixture = new ChainFixture(_server.Url);
        var failure = (await fixture.FetchAsync(ChainFixture.Zip with { SizeLimit = 1 << 20 })).Failure!;
        Assert.Equal(FailureKind.UpstreamInvalid, failure.Kind);
        Assert.Contains("1048576", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, _server.TotalRequests);
    }

    [Fact]
    public async Task Body_OfExactlyTheLimit_IsRead()
    {
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(Body, (await fixture.FetchAsync(ChainFixture.Zip with { SizeLimit = Body.Length })).Value);
    }

    [Theory]
    [InlineData("truncated", "UpstreamInvalid")]
    [InlineData("reset", "UpstreamUnavailable")]
    [InlineData("reset-at-once", "UpstreamUnavailable")]
    public async Task Body_ThatBreaksEveryTime_IsAskedForThriceAndFails(string how, string kind)
    {
        _server.Faults.Always("*", Named(how));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(kind, (await fixture.FetchAsync()).Failure!.Kind.ToString());
        Assert.Equal(3, _server.TotalRequests);
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("reset")]
    [InlineData("reset-at-once")]
    [InlineData("503")]
    public async Task Body_ThatBreaksOnce_IsAskedForAgainAndRead(string how)
    {
        _server.Faults.Next(ChainFixture.ZipPath, Named(how));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        Assert.Equal(2, _server.TotalRequests);
    }

    [Fact]
    public async Task Body_ThatBreaksWhileTheConsumerLooksAway_IsAFailureAllTheSame()
    {
        _server.Faults.Always("*", Fault.TruncateAfter(5));
        using var fixture = new ChainFixture(_server.Url);
        var outcome = await fixture.Chain.FetchAsync<string>(
            ChainFixture.Zip,
            static async (answer, ct) =>
            {
                try
                {
                    return await new StreamReader(answer.Body).ReadToEndAsync(ct);
                }
                catch (IOException)
                {
                    return "half a zip";
                }
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(FailureKind.UpstreamInvalid, outcome.Failure?.Kind);
    }

    [Fact]
    public async Task Redirect_ToAnotherHost_IsFollowedWithoutCredentials()
    {
        await using var other = UpstreamServer.Start();
        other.Put("/elsewhere", Body);
        _server.Faults.Always("/moved", Fault.RedirectTo($"{other.Url}/elsewhere?signature=s3cret", 307));
        _server.Faults.Always(ChainFixture.ZipPath, Fault.RedirectTo("/moved", 301));
        using var fixture = new ChainFixture(_server.Url.Replace("//", "//me:hunter2@", StringComparison.Ordinal));
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        Assert.All(_server.Calls, call => Assert.Equal("Basic bWU6aHVudGVyMg==", call.Header("Authorization")));
        Assert.Equal(2, _server.TotalRequests);
        Assert.Null(other.Calls.Single().Header("Authorization"));
    }

    [Fact]
    public async Task Redirect_OfAPublicUpstreamToInside_IsRefusedUnasked()
    {
        // The upstream's own address is taken for a public one.
        var looks = 0;
        await using var inside = UpstreamServer.Start();
        inside.Put("/secret", Body);
        _server.Faults.Always(ChainFixture.ZipPath, Fault.RedirectTo($"http://localhost:{new Uri(inside.Url).Port}/secret"));
        var guard = new RedirectGuard([new Uri(_server.Url)], allows: false, _ => looks++ > 0);
        using var fixture = new ChainFixture(_server.Url, guard: guard);
        var failure = (await fixture.FetchAsync()).Failure;
        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.Contains("redirect to localhost", failure!.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0), (_server.TotalRequests, inside.TotalRequests));
    }

    [Fact]
    public async Task Redirect_InACircle_IsInvalid()
    {
        _server.Faults.Always("*", Fault.RedirectLoop);
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure!.Kind);
        Assert.Equal(1, _server.TotalRequests);
    }

    [Fact]
    public async Task Redirect_WithoutEnd_StopsAfterTen()
    {
        _server.Faults.Always("*", Fault.EndlessRedirects);
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure!.Kind);
        Assert.Equal(11, _server.TotalRequests);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://[bad")]
    public async Task Redirect_ToSomethingElse_IsInvalid(string location)
    {
        _server.Faults.Always("*", Fault.RedirectTo(location));
        using var fixture = new ChainFixture(_server.Url);
        Assert.Equal(FailureKind.UpstreamInvalid, (await fixture.FetchAsync()).Failure!.Kind);
    }

    [Fact]
    public async Task Redirect_FromHttpsToHttp_IsRefused()
    {
        await using var tls = UpstreamServer.Start(tls: true);
        tls.Faults.Always("*", Fault.RedirectTo(_server.Url + ChainFixture.ZipPath));
        using var fixture = new ChainFixture(tls.Url, handler: h =>
            h.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => tls.IsCertificate(certificate));
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.UpstreamInvalid, failure.Kind);
        Assert.Contains("https", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, _server.TotalRequests);
    }

    [Fact]
    public async Task Certificate_ThatNobodySigned_IsAnOutage()
    {
        await using var tls = UpstreamServer.Start(tls: true);
        using var fixture = new ChainFixture(tls.Url);
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.UpstreamUnavailable, failure.Kind);
        Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_BeforeTheFirstByte_EndsByTimeout()
    {
        _server.Faults.Always("*", Fault.Silence);
        using var fixture = new ChainFixture(_server.Url, o => o.Retries = 0);
        var fetch = fixture.FetchAsync();
        await _server.Requested(ChainFixture.ZipPath);
        fixture.Clock.Advance(fixture.Options.FirstByteTimeout);
        var failure = (await fetch).Failure!;
        Assert.Equal(FailureKind.UpstreamTimeout, failure.Kind);
        Assert.Equal(failure.Message, fixture.Chain.Statuses[0].LastFailure);
    }

    [Fact]
    public async Task Body_ThatStalls_EndsByTimeout()
    {
        _server.Faults.Always("*", Fault.StallAfter(5));
        using var fixture = new ChainFixture(_server.Url, o => (o.Retries, o.SlowStart) = (0, TimeSpan.FromMinutes(1)));
        var fetch = fixture.FetchAsync();
        await fixture.Clock.TimerDueIn(fixture.Options.IdleTimeout);
        fixture.Clock.Advance(fixture.Options.IdleTimeout);
        var failure = (await fetch).Failure!;
        Assert.Equal(FailureKind.UpstreamTimeout, failure.Kind);
        Assert.Contains("stalled", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_OfOneBytePerSecond_EndsSoon()
    {
        using var fixture = new ChainFixture("off");
        await using var server = UpstreamServer.Start(time: fixture.Clock);
        server.Put(ChainFixture.ZipPath, new string('x', 1000));
        server.Faults.Always("*", Fault.Drip(TimeSpan.FromSeconds(1)));
        Assert.True(GoProxyList.TryParse(server.Url, out var list, out _));
        var options = Microsoft.Extensions.Options.Options.Create(fixture.Options);
        using var upstream = new HttpUpstream(list.Entries[0], TestLogins.Nobody, options, fixture.Clock);
        var reply = await upstream.OpenAsync(ChainFixture.Zip, TestContext.Current.CancellationToken);
        await using var answer = reply.Answer!;

        var buffer = new byte[100];
        var bytes = 0;
        var thrown = await Assert.ThrowsAsync<UpstreamBodyException>(async () =>
        {
            while (true)
            {
                var read = answer.Body.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask();

                // Both sides wait: the server for its next second, the reader for a byte under some limit.
                await fixture.Clock.TimerArmed(static left => left == TimeSpan.FromSeconds(1));
                fixture.Clock.Advance(TimeSpan.FromSeconds(1));
                bytes += await read;
            }
        });
        Assert.Equal(FailureKind.UpstreamTimeout, thrown.Failure.Kind);
        Assert.InRange(bytes, 1, 10);
    }

    [Fact]
    public async Task Connection_ToAFullBacklog_EndsByTimeout()
    {
        // A listener that never accepts, its queue filled, is what a black hole looks like on loopback.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        using var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await filler.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);

        using var fixture = new ChainFixture($"http://{listener.LocalEndPoint}", o => o.Retries = 0);
        var fetch = fixture.FetchAsync();
        await fixture.Clock.TimerDueIn(fixture.Options.ConnectTimeout);
        fixture.Clock.Advance(fixture.Options.ConnectTimeout);
        var failure = (await fetch).Failure!;
        Assert.Equal(FailureKind.UpstreamTimeout, failure.Kind);
        Assert.Contains("connected", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validators_OfTheSameUpstream_AreSentAndAnswered()
    {
        _server.Put(ChainFixture.ZipPath, Body, "\"v1\"", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var fixture = new ChainFixture(_server.Url);
        UpstreamValidators? validators = null;
        async Task<bool> Ask() => (await fixture.Chain.FetchAsync(
            ChainFixture.Zip with { Validators = validators },
            (answer, _) =>
            {
                validators = new(answer.Upstream, answer.ETag, answer.LastModified);
                return Task.FromResult<Outcome<bool>>(answer.NotModified);
            },
            TestContext.Current.CancellationToken)).Value;

        Assert.False(await Ask());
        Assert.Equal(new UpstreamValidators(_server.Url, "\"v1\"", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), validators);
        Assert.True(await Ask());
        Assert.Equal("\"v1\"", _server.Calls.Last().Header("If-None-Match"));

        validators = validators! with { Upstream = "https://other.example" };
        Assert.False(await Ask());
        Assert.Null(_server.Calls.Last().Header("If-None-Match"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Credentials_WhateverHappens_AreNeverShown(bool fromUrl)
    {
        const string Secret = "hunter2";
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Secret}"));
        var url = fromUrl ? _server.Url.Replace("//", $"//me:{Secret}@", StringComparison.Ordinal) : _server.Url;
        using var fixture = new ChainFixture(url, credentials: new()
        {
            Rules = fromUrl ? [] : [new() { Match = "127.0.0.1", Username = "me", Password = Secret }],
        });
        _server.Faults.Next(
            ChainFixture.ZipPath, Fault.Status(401), Fault.Status(403), Fault.ResetAtOnce, Fault.ResetAtOnce, Fault.ResetAtOnce,
            Fault.RedirectTo("ftp://x"));
        var shown = new StringBuilder();
        for (var i = 0; i < 4; i++)
            shown.AppendLine((await fixture.FetchAsync()).Failure!.ToString());

        shown.AppendJoin('\n', fixture.Logs).AppendJoin('\n', fixture.Measurements).AppendJoin('\n', fixture.Chain.Statuses);
        Assert.Contains(_server.Calls, call => call.Header("Authorization") == $"Basic {encoded}");
        Assert.Contains("401", shown.ToString(), StringComparison.Ordinal);
        Assert.Contains("credentials", shown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, shown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(encoded, shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mod_WhenAsked_IsAllThatIsAsked()
    {
        _server.Put("/github.com/gorilla/mux/@v/v1.8.0.mod", "module github.com/gorilla/mux\n");
        using var fixture = new ChainFixture(_server.Url);
        Assert.StartsWith("module", (await fixture.FetchAsync(new(UpstreamResource.Artifact(ChainFixture.Mux, ArtifactKind.Mod)))).Value, StringComparison.Ordinal);
        Assert.Equal(1, _server.TotalRequests);
    }

    private static Fault Compressed(int status, byte[] body, string encoding)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        var bytes = compressed.ToArray();
        return Fault.Answer("compressed", x => x.AnswerAsync(status, bytes, "text/plain", ("Content-Encoding", encoding)));
    }

    private static Fault Named(string how) => how switch
    {
        "truncated" => Fault.TruncateAfter(5),
        "reset" => Fault.ResetAfter(5),
        "reset-at-once" => Fault.ResetAtOnce,
        _ => Fault.Status(503),
    };
}
