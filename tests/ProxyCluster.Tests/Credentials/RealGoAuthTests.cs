using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.Fetching;
using ProxyCluster.Sockets;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Fetching;

namespace ProxyCluster.Tests.Credentials;

/// <summary>The same GOAUTH command for the real <c>go</c> and for us: what it is told, and which headers come of it.</summary>
[Trait("Needs", "newer-go")]
public sealed class RealGoAuthTests : IAsyncLifetime
{
    private const string Path = "/corp.example/m/@v/list";
    private static readonly HashSet<string> Usual = new(StringComparer.OrdinalIgnoreCase) { "Host", "User-Agent", "Accept-Encoding", "Connection" };

    private readonly UpstreamServer _server = UpstreamServer.Start(tls: true);
    private readonly ScratchDirectory _scratch = new();

    private string Script => _scratch["auth command"];

    public ValueTask InitializeAsync()
    {
        _server.Faults.Always("*", Fault.Status(404, "not found", "text/plain", ("X-Wants", "a key"), ("X-Wants", "or a token")));

        // Says one thing at first and may say another after a refusal; keeps what it was told.
        File.WriteAllText(Script, $"""
            #!/bin/sh
            printf '%s|' "$@" >> '{_scratch["arguments"]}'; echo >> '{_scratch["arguments"]}'
            cat >> '{_scratch["told"]}'
            if [ "$#" -gt 1 ] && [ -e '{_scratch["second"]}' ]; then exec cat '{_scratch["second"]}'; fi
            exec cat '{_scratch["first"]}'
            """);
        File.WriteAllText(_scratch["ca.pem"], _server.CertificatePem);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("https://HOST\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST/\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST/corp.example/m\n\nX-Key: module\n\nhttps://HOST\n\nX-Key: host\nX-More: b\n\n", null)]
    [InlineData("https://HOST\nhttps://HOST/corp.example\n\nX-Key: a\n\nhttps://HOST/corp.example\n\n\n", null)]
    [InlineData("https://HOST/corp\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST/corp.example/m/@v/list\n\nX-Key: a\n\n", null)]
    [InlineData("HTTPS://HOST\n\nX-Key:   a \t\n\n", null)]
    [InlineData("http://HOST\n\nX-Key: a\n\n", null)]
    [InlineData("https://other.example\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST\r\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST\n\nX-Key: a\r\n\n", null)]
    [InlineData("https://HOST\n\nX-Key: é\nx-lower: b\nUser-Agent: me\nHost: evil.example\nContent-Length: 5\n\n", null)]
    [InlineData("https://HOST\n\nX-Key:a\n\n", null)]
    [InlineData("https://HOST\n\nX-Key: a\n", null)]
    [InlineData("HOST\n\nX-Key: a\n\n", null)]
    [InlineData("X-Key: a\n\n\nhttps://HOST\n\nX-Key: b\n\n", null)]
    [InlineData("\n\nhttps://HOST\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST/corp.example%2Fm\n\nX-Key: a\n\n", null)]
    [InlineData("https://HOST/a b\nhttps://HOST\n\nX-Key: a\n\n", null)]
    [InlineData("", "https://HOST\n\nAuthorization: Bearer late\n\n")]
    [InlineData("https://HOST\n\nX-Key: old\n\n", "https://HOST\n\nX-Key: new\n\n")]
    [InlineData("https://HOST\n\nX-Key: old\n\n", "https://HOST/corp.example\n\nX-Deeper: new\n\n")]
    [InlineData("https://HOST\n\nX-Key: old\n\n", "https://HOST\n\n\n")]
    [InlineData("https://HOST\n\nX-Key: old\n\n", "nonsense")]
    public async Task Command_ForGoAndForUs_ComesToTheSameHeaders(string first, string? second)
    {
        Write("first", first);
        if (second is not null)
            Write("second", second);

        // 1. go. Its list is asked, refused with 404, and asked again.
        using var go = new GoWorkspace(_server.Url, "off", GoWorkspace.NewerGo());
        go.Set("GOAUTH", $"/bin/sh '{Script}' -v");
        go.Set("SSL_CERT_FILE", _scratch["ca.pem"]);
        await go.GoAsync("mod", "init", "example.com/main");
        await go.TryAsync("list", "-m", "-versions", "corp.example/m");
        var theirs = Asked();
        var (theirArguments, theirTold) = (Lines("arguments"), Lines("told"));
        File.Delete(_scratch["arguments"]);
        File.Delete(_scratch["told"]);
        Assert.Equal(2, theirs.Count);

        // 2. We. A login that is the same again is not worth a second request.
        var before = _server.TotalRequests;
        await using var commands = new Commands(TimeSpan.FromMinutes(1), TimeProvider.System);
        using var logins = TestLogins.Of(new() { Rules = [new() { Match = "127.0.0.1", GoAuth = $"/bin/sh '{Script}' -v" }] }, run: commands.RunAsync);
        using var upstream = Upstream(logins);
        var reply = await upstream.OpenAsync(new(UpstreamResource.List(ChainFixture.ParseVersion("corp.example/m", "v1.0.0").Path)), TestContext.Current.CancellationToken);
        if (reply.Fault!.Failure.Kind is ProxyCluster.Outcomes.FailureKind.UpstreamUnavailable)
        {
            // What go passes over in silence, we say instead of asking as a stranger; it sends nothing either.
            Assert.All(theirs, static headers => Assert.Equal("", headers));
            Assert.Equal(before, _server.TotalRequests);
            return;
        }

        var ours = Asked().Skip(theirs.Count).ToList();
        Assert.Equal(theirs[0], ours[0]);

        // Where the command takes a login back, go asks again as a stranger. We let the refusal stand: that answer could look like an absence.
        Assert.Equal(theirs[^1].Length == 0 ? theirs[0] : theirs[^1], ours[^1]);
        Assert.Equal(theirArguments, Lines("arguments"));
        Assert.Equal(theirTold.Order(StringComparer.Ordinal), Lines("told").Order(StringComparer.Ordinal));
    }

    private void Write(string name, string text) => File.WriteAllText(_scratch[name], text.Replace("HOST", new Uri(_server.Url).Authority, StringComparison.Ordinal));

    private string[] Lines(string name) => [.. File.ReadLines(_scratch[name]).Where(static line => !line.StartsWith("Date: ", StringComparison.Ordinal))];

    // The headers that nobody always sends, a text for each request of the list.
    private List<string> Asked() => [.. _server.Calls.Where(static call => call.Path == Path).Select(static call => string.Join('\n', call.Headers
        .Where(static header => !Usual.Contains(header.Key)).Select(static header => $"{header.Key.ToLowerInvariant()}: {header.Value}").Order(StringComparer.Ordinal)))];

    private HttpUpstream Upstream(Logins logins)
    {
        Assert.True(GoProxyList.TryParse(_server.Url, out var list, out _));
        var handler = HttpUpstream.CreateHandler(new(), TimeProvider.System, new RedirectGuard([], allows: true));
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => _server.IsCertificate(certificate);
        return new(list.Entries[0], logins, Options.Create(new UpstreamsOptions()), TimeProvider.System, handler);
    }
}
